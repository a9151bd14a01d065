// 説明と同意 and 次回: fields for what is kept as named lines. The text itself stays the one thing that is saved, compared and restored.
const fieldsOf = (box) => [...box.querySelectorAll("[data-part]")];

// A line without a name goes on with the one before it, as on the server.
const read = (text, fields) => {
  const said = new Map(fields.map((field) => [field.dataset.part, []]));
  let at = fields[0].dataset.part;
  for (const line of text.split("\n")) {
    const named = /^\s*([^:：]+?)\s*[:：]\s?(.*)$/.exec(line);
    const isPart = named && said.has(named[1]);
    if (isPart) at = named[1];
    if (isPart || line) said.get(at).push(isPart ? named[2] : line);
  }
  return said;
};

const compose = (fields) => fields.filter((field) => field.value.trim()).map((field) => `${field.dataset.part}: ${field.value.trim()}`).join("\n");

const start = (box) => {
  const area = box.closest("[data-autosave]").querySelector("[data-field=body]");
  const fields = fieldsOf(box);
  const fill = () => {
    const said = read(area.value, fields);
    for (const field of fields) field.value = said.get(field.dataset.part).join("\n");
    // What a list of words does not hold is not thrown away: the text is shown as it is.
    const isWhole = fields.every((field) => field.value === said.get(field.dataset.part).join("\n"));
    area.hidden = isWhole;
    box.hidden = !isWhole;
  };
  fill();
  area.addEventListener("tsumugi:filled", fill);
  box.addEventListener("input", (event) => {
    if (!event.target.dataset.part) return;
    area.value = compose(fields);
    area.dispatchEvent(new Event("input", { bubbles: false }));
  });
  box.querySelector("[data-book-next]")?.addEventListener("click", () => book(fields));
};

// The box 次回予約 takes the time and the purpose over and books at once; it says itself what it found, and takes it back.
const book = (fields) => {
  const [when, purpose] = ["時期", "目的"].map((part) => fields.find((field) => field.dataset.part === part).value.trim());
  const ahead = document.querySelector("#ahead");
  const isDistance = when && !/[-./年]/.test(when);
  if (!when) return fields[0].focus();
  if (!ahead || !isDistance) return document.querySelector('#pane-next a[href^="/appointments"]')?.click();
  ahead.value = when;
  const place = document.querySelector("#next-purpose");
  if (place && purpose) place.value = purpose.slice(0, 40);
  ahead.form.requestSubmit();
  document.querySelector("#pane-next")?.scrollIntoView({ block: "nearest" });
};

export const startParts = (root) => {
  for (const box of root.querySelectorAll("[data-parts]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "yes";
    start(box);
  }
};
