// R7: the keys of a page are what its own elements declare: data-key="Alt+S", optionally data-key-label="セット".
// `?` lists them, Ctrl+K finds any place or act by name, `/` goes to the patient search.
import { element, icon, isComposing, isTyping } from "./dom.js";

const PREFERENCES = "tsumugi.keys";
const isMac = navigator.platform.startsWith("Mac");
// Keys a browser or its menus will not give up are never taken, whatever a page declares.
const RESERVED = /^(Ctrl\+[TWN]|Alt\+[DEF]|F([13567]|11|12))$/;

export const preferences = () => {
  try {
    return { letters: true, ctrlAlt: isMac, ...JSON.parse(localStorage.getItem(PREFERENCES)) };
  } catch {
    return { letters: true, ctrlAlt: isMac };
  }
};

const comboOf = (event) => {
  const letter = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const named = { " ": "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  const modified = event.altKey || event.ctrlKey || event.metaKey;
  const key = modified && letter ? letter : (named[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key));
  let combo = key;
  if (event.shiftKey && modified) combo = `Shift+${combo}`;
  if (event.altKey) combo = `Alt+${combo}`;
  if (event.ctrlKey || event.metaKey) combo = `Ctrl+${combo}`;
  return preferences().ctrlAlt ? combo.replace(/^Ctrl\+Alt\+/, "Alt+") : combo;
};

const isShown = (target) => target.checkVisibility?.() ?? target.offsetParent !== null;
const keyed = () => [...document.querySelectorAll("[data-key]")].filter((target) => isShown(target) && !RESERVED.test(target.dataset.key));

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

const check = (name, text, now) => {
  const box = element("input", { type: "checkbox" });
  box.checked = now[name];
  box.addEventListener("change", () => localStorage.setItem(PREFERENCES, JSON.stringify({ ...preferences(), [name]: box.checked })));
  return element("label", {}, box, text);
};

const showSheet = () => {
  if (document.querySelector("dialog[open]")) return;
  const sheet = dialog("sheet-key", "この画面のキー");
  const list = element("dl");
  const rows = keyed().map((target) => [target.dataset.key, labelOf(target)]);
  if (document.querySelector("[data-rows]")) rows.push(["↑ ↓", "行を移る"], ["Enter", "行を開く"]);
  const ofRow = new Map([...document.querySelectorAll("[data-row-key]")].map((target) => [target.dataset.rowKey, target.dataset.rowKeyLabel]));
  rows.push(...ofRow);
  rows.push(["Ctrl+K", "画面と操作を探す"], ["/", "患者検索へ"], ["?", "この一覧"], ["Esc", "閉じる"]);
  for (const [keys, what] of rows) list.append(element("div", {}, element("dt", {}, element("kbd", {}, keys)), element("dd", {}, what)));
  const now = preferences();
  const settings = element("div", { class: "checks" }, check("letters", "一文字のキーを使う", now), check("ctrlAlt", "Alt の代わりに Ctrl+Alt も使う", now));
  const close = element("button", { class: "btn push" }, "閉じる");
  sheet.append(element("h2", {}, "この画面のキー"), list, element("form", { method: "dialog", class: "row" }, settings, close));
  sheet.showModal();
};

const places = () => {
  const links = [...document.querySelectorAll(".app-nav a, .app-header a.who, .app-header a.hbtn, [data-command]")];
  return [...new Set([...links, ...keyed()])].map((target) => ({ target, text: labelOf(target), keys: target.dataset.key ?? "" })).filter((item) => item.text);
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
      if (item.keys) line.append(element("kbd", { class: "push" }, item.keys));
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
  document.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
    const combo = comboOf(event);
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && event.key.length === 1;
    if (plain && (isTyping(event.target) || !preferences().letters)) return;
    const target = keyed().find((candidate) => candidate.dataset.key === combo);
    const act = target ? () => use(target) : OWN[combo];
    if (!act) return;
    event.preventDefault();
    act();
  });
};
