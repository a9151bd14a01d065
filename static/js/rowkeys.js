// ↑↓ in lists: `table[data-rows]` whose rows hold one `a[data-row]`. Focus sits on the link, so Enter and screen readers need no help.
import { isComposing, isTyping } from "./dom.js";
import { ownKey, preferences } from "./keys.js";

const links = (table) => [...table.querySelectorAll("a[data-row]")];

// A letter acts on the row the focus is in: `data-row-key="M"` on whatever it presses.
const startRowActs = () => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1 || event.repeat || event.defaultPrevented) return;
    if (!preferences().letters || isComposing(event) || isTyping(event.target) || document.querySelector("dialog[open], :popover-open")) return;
    const acts = [...(event.target.closest?.("tr")?.querySelectorAll("[data-row-key]") ?? [])];
    const act = acts.find((target) => ownKey(target.dataset.rowKey) === event.key.toUpperCase());
    if (!act) return;
    event.preventDefault();
    act.click();
  });
};

export const startRows = () => {
  startRowActs();
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || isComposing(event) || event.altKey || event.ctrlKey || event.shiftKey || event.defaultPrevented) return;
    const table = event.target.closest?.("[data-rows]") ?? document.querySelector("[data-rows]");
    if (!table || document.querySelector("dialog[open], :popover-open")) return;
    const fromSearch = event.target.matches?.("[data-row-search]") && step > 0;
    if (!fromSearch && isTyping(event.target)) return;
    const rows = links(table);
    const row = event.target.closest?.("tr");
    const now = rows.findIndex((link) => link === document.activeElement || (row && row.contains(link)));
    if (now < 0 && step < 0) return;
    const next = rows[now + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.closest("tr")?.scrollIntoView({ block: "nearest" });
  });
};
