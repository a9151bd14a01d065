// ↑↓←→ in a timetable: `table[data-cells]`, from one thing that can be pressed to the nearest one in that direction.
import { isComposing, isTyping } from "./dom.js";

const STEPS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
const things = (cell) => [...cell.querySelectorAll("a[href], button")];

const next = (cell, [down, right]) => {
  let row = cell.parentElement;
  let at = cell.cellIndex + right;
  for (;;) {
    if (down) row = down > 0 ? row.nextElementSibling : row.previousElementSibling;
    const target = row?.cells[at];
    if (!target) return null;
    const found = things(target);
    if (found.length) return down < 0 ? found.at(-1) : found[0];
    at += right;
  }
};

export const startCells = (table) => {
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const cell = event.target.closest("td, tbody th");
    if (!step || !cell || isComposing(event) || isTyping(event.target) || event.altKey || event.ctrlKey || event.shiftKey || event.metaKey) return;
    const inside = step[0] ? things(cell)[things(cell).indexOf(event.target) + step[0]] : null;
    const target = inside ?? next(cell, step);
    event.preventDefault();
    target?.focus();
  });
};
