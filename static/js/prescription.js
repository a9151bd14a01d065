// 処方 on the chart: candidates by arrow keys while the text box keeps the focus, boxes that open on their first choice, the wide layout.
import { isComposing } from "./dom.js";

const choose = (list, step) => {
  const all = [...document.querySelectorAll(`${list} input[type=radio]`)];
  if (!all.length) return false;
  const at = all.findIndex((radio) => radio.checked);
  const next = all[(at + step + all.length) % all.length];
  next.checked = true;
  next.closest("label").scrollIntoView({ block: "nearest" });
  return true;
};

document.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const list = event.target.dataset?.choices;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (list && step && choose(list, step)) event.preventDefault();
  const open = event.key === "Escape" && event.target.closest?.("details[data-open-focus][open]");
  if (!open) return;
  event.preventDefault();
  open.open = false;
  open.querySelector("summary").focus();
});

// An act took the focused element away: the heading of the box is where one goes on.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const box = detail.target;
  if (!box?.matches?.(".pane") || detail.requestConfig?.verb !== "post" || document.activeElement !== document.body) return;
  box.querySelector("h2[tabindex]")?.focus();
});

export const startPrescription = (root) => {
  for (const box of root.querySelectorAll("[data-open-focus]")) {
    if (box.dataset.ready) continue;
    box.dataset.ready = "yes";
    box.addEventListener("toggle", () => box.open && box.querySelector("input:checked, input:not([type=hidden]), button")?.focus());
  }
  for (const button of root.querySelectorAll("[data-widen]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    const chart = button.closest(".chart");
    if (!chart) {
      button.remove();
      continue;
    }
    button.textContent = "wide" in chart.dataset ? "戻す" : "広げる";
    button.addEventListener("click", () => {
      if ("wide" in chart.dataset) delete chart.dataset.wide;
      else chart.dataset.wide = "";
      button.textContent = "wide" in chart.dataset ? "戻す" : "広げる";
    });
  }
};
