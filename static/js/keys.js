// R7: the keys of a page are what its own elements declare: data-key="Alt+S", optionally data-key-label="セット".
// `?` lists them, Ctrl+K finds any place or act by name, `/` goes to the patient search.
import { element, icon, isComposing, isTyping } from "./dom.js";

const isMac = navigator.platform.startsWith("Mac");
// Keys a browser or its menus will not give up are never taken, whatever a page declares.
const RESERVED = /^(Ctrl\+[TWN]|Alt\+[DEF]|F([13567]|11|12))$/;
const USUAL = { letters: true, ctrlAlt: null, own: {} };

// What this person presses (`/account/keys`): asked for once in each tab, forgotten at sign-out with the rest of the tab.
const cache = () => `tsumugi.keys/${document.body.dataset.draftScope ?? ""}`;
let chosen = USUAL;
const take = (settings) => {
  chosen = { ...USUAL, ...settings };
  showOwn(document);
};

export const preferences = () => ({ ...chosen, ctrlAlt: chosen.ctrlAlt ?? isMac });

/** What is pressed for a key a page declares. */
export const ownKey = (declared) => chosen.own[declared] ?? declared;

const words = (declared) => {
  const own = ownKey(declared);
  if (!preferences().ctrlAlt) return own;
  return own.replace(/^(Ctrl\+)?Alt\+/, isMac ? "Ctrl+Option+" : "Ctrl+Alt+");
};

// Footers and buttons show the person's own keys; `Alt+1…4` stands for four of them.
const shownFor = (text) => {
  const [, head, from, to] = /^(.*\+)(\d)…(\d)$/.exec(text) ?? [];
  if (!head) return words(text);
  const all = Array.from({ length: to - from + 1 }, (_, n) => head + (Number(from) + n));
  return all.every((key) => words(key) === key) ? text : all.map(words).join(" ");
};
export const showOwn = (root) => {
  for (const kbd of root.querySelectorAll("kbd:not([data-fixed])")) {
    kbd.dataset.declared ??= kbd.textContent.trim();
    const shown = shownFor(kbd.dataset.declared);
    if (kbd.textContent !== shown) kbd.textContent = shown;
  }
};

const readOwn = async () => {
  const form = document.querySelector("[data-own-keys]");
  if (form) sessionStorage.setItem(cache(), form.dataset.ownKeys);
  const kept = sessionStorage.getItem(cache());
  if (kept) return take(JSON.parse(kept));
  if (!document.body.dataset.draftScope) return;
  const answer = await fetch("/account/keys", { headers: { Accept: "application/json", "X-Background": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const settings = await answer.json();
  sessionStorage.setItem(cache(), JSON.stringify(settings));
  take(settings);
};

// A field that takes the next key instead of letters; Tab and Escape go on as ever.
const capture = (event) => {
  const field = event.target;
  if (!field.matches?.("[data-key-capture]") || isComposing(event)) return false;
  if (/^(Tab|Escape|Backspace|Delete|Arrow.*|Home|End|Shift|Control|Alt|Meta|Process|Dead)$/.test(event.key)) return false;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.name !== "Ctrl+Enter") return false;
  event.preventDefault();
  field.value = rawCombo(event);
  return true;
};

const rawCombo = (event) => {
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const named = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  const modified = event.altKey || event.ctrlKey || event.metaKey;
  const key = modified && letter ? letter : (named[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key));
  let combo = key;
  if (event.shiftKey && modified) combo = `Shift+${combo}`;
  if (event.altKey) combo = `Alt+${combo}`;
  if (event.ctrlKey || event.metaKey) combo = `Ctrl+${combo}`;
  return combo;
};
// With the Ctrl+Alt set both ways of holding it are one key.
const folded = (combo) => (preferences().ctrlAlt ? combo.replace(/^Ctrl\+Alt\+/, "Alt+") : combo);
const comboOf = (event) => folded(rawCombo(event));
const isPressed = (declared, combo) => folded(ownKey(declared)) === combo;

const isShown = (target) => target.checkVisibility?.() ?? target.offsetParent !== null;
const keyed = () => [...document.querySelectorAll("[data-key]")].filter((target) => isShown(target) && !RESERVED.test(ownKey(target.dataset.key)));

export const labelOf = (target) => {
  if (target.dataset.keyLabel) return target.dataset.keyLabel;
  const copy = target.cloneNode(true);
  for (const extra of copy.querySelectorAll("kbd, svg")) extra.remove();
  return target.getAttribute("aria-label") ?? copy.textContent.trim().replace(/\s+/g, " ");
};

const use = (target) => {
  if (target.matches("input:not([type=submit], [type=button], [type=radio], [type=checkbox]), textarea, select, [data-key-focus]")) {
    target.focus();
    if (target.matches("input")) target.select();
  } else target.click();
};

const dialog = (className, label) => {
  const made = element("dialog", { class: className, "aria-label": label });
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  return made;
};

const showSheet = () => {
  if (document.querySelector("dialog[open]")) return;
  const sheet = dialog("sheet-key", "この画面のキー");
  const list = element("dl");
  const rows = keyed().map((target) => [words(target.dataset.key), labelOf(target)]);
  if (document.querySelector("[data-rows]")) rows.push(["↑ ↓", "行を移る"], ["Enter", "行を開く"]);
  const ofRow = new Map([...document.querySelectorAll("[data-row-labels]")].flatMap((table) => Object.entries(JSON.parse(table.dataset.rowLabels))
    .filter(([key]) => table.querySelector(`[data-row-key="${key}"]`)).map(([key, label]) => [words(key), label])));
  rows.push(...ofRow);
  rows.push([words("Ctrl+K"), "画面と操作を探す"], [words("/"), "患者検索へ"], [words("?"), "この一覧"], ["Esc", "閉じる"]);
  for (const [keys, what] of rows) list.append(element("div", {}, element("dt", {}, element("kbd", { "data-fixed": "" }, keys)), element("dd", {}, what)));
  const settings = element("a", { class: "btn btn--quiet", href: "/account/keys" }, "自分のキーに変える");
  const close = element("button", { class: "btn push" }, "閉じる");
  sheet.append(element("h2", {}, "この画面のキー"), list, element("form", { method: "dialog", class: "row" }, settings, close));
  sheet.showModal();
};

const places = () => {
  const links = [...document.querySelectorAll(".app-nav a, .app-header a.who, .app-header a.hbtn, [data-command]")];
  return [...new Set([...links, ...keyed()])].map((target) => ({ target, text: labelOf(target), keys: target.dataset.key ? words(target.dataset.key) : "" })).filter((item) => item.text);
};

const showPalette = () => {
  if (document.querySelector("dialog[open]")) return;
  const all = places();
  const box = dialog("palette", "画面と操作を探す");
  const field = element("input", { class: "input input--l", type: "text", role: "combobox", "aria-label": "画面や操作の名前", "aria-expanded": "true", "aria-controls": "palette-list", autocomplete: "off", placeholder: "画面や操作の名前" });
  const list = element("ul", { id: "palette-list", role: "listbox", "aria-label": "候補" });
  const none = element("p", { role: "status" });
  let found = [];
  let at = 0;
  const run = () => {
    const chosen = found[at];
    if (!chosen) return;
    box.close();
    use(chosen.target);
  };
  const draw = () => {
    const words = field.value.trim().toLowerCase().split(/\s+/);
    found = all.filter((item) => words.every((word) => item.text.toLowerCase().includes(word)));
    at = Math.min(at, Math.max(0, found.length - 1));
    list.replaceChildren(...found.map((item, n) => {
      const line = element("li", { role: "option", id: `palette-${n}`, "aria-selected": String(n === at) }, item.text);
      if (item.keys) line.append(element("kbd", { class: "push", "data-fixed": "" }, item.keys));
      line.addEventListener("click", () => ((at = n), run()));
      return line;
    }));
    field.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
    none.textContent = found.length ? "" : "合うものがありません";
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  field.addEventListener("input", () => ((at = 0), draw()));
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Enter") return event.preventDefault(), run();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !found.length) return;
    event.preventDefault();
    at = (at + step + found.length) % found.length;
    draw();
  });
  box.append(field, list, none);
  draw();
  box.showModal();
  field.focus();
};

const toPatientSearch = () => {
  const field = document.querySelector("[data-patient-search]");
  if (field) use(field);
  else document.querySelector('.app-nav a[href="/patients"]')?.click();
};

const OWN = { "Ctrl+K": showPalette, "?": showSheet, "/": toPatientSearch };

export const startKeys = () => {
  const opener = document.querySelector("[data-palette-open]");
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", showPalette);
  }
  readOwn().catch(() => {});
  document.addEventListener("htmx:load", ({ detail }) => showOwn(detail.elt));
  document.addEventListener("keydown", (event) => {
    if (capture(event)) return;
    if (isComposing(event) || event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
    const combo = comboOf(event);
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && event.key.length === 1;
    if (plain && (isTyping(event.target) || !preferences().letters)) return;
    const target = keyed().find((candidate) => isPressed(candidate.dataset.key, combo));
    const own = Object.keys(OWN).find((declared) => isPressed(declared, combo));
    const act = target ? () => use(target) : OWN[own];
    if (!act) return;
    event.preventDefault();
    act();
  });
};
