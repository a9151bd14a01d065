// A search box over a list of buttons: ↓ ↑ move through what is offered, Enter takes it, Shift+Enter takes it with the box beside ticked.
import { isComposing } from "./dom.js";

const options = (field) => [...document.querySelectorAll(`${field.dataset.pick} [role=option]`)];

const highlight = (field, to) => {
  for (const option of options(field)) option.setAttribute("aria-selected", String(option === to));
  if (to) field.setAttribute("aria-activedescendant", to.id);
  else field.removeAttribute("aria-activedescendant");
  to?.scrollIntoView({ block: "nearest" });
};

const chosen = (field) => options(field).find((option) => option.getAttribute("aria-selected") === "true");

export const startPicks = () => {
  document.addEventListener("focusin", ({ target }) => target.matches?.("[data-pick]") && highlight(target, options(target)[0]));
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const field = document.activeElement;
    if (field?.matches?.("[data-pick]") && field.closest("form")?.contains(detail.target)) highlight(field, options(field)[0]);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches?.("[data-pick]") || isComposing(event) || event.altKey || event.ctrlKey) return;
    const all = options(field);
    const at = all.indexOf(chosen(field));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      highlight(field, all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && all.length) {
      event.preventDefault();
      const shift = field.form.querySelector("[data-pick-shift]");
      if (event.shiftKey && shift) shift.checked = true;
      (chosen(field) ?? all[0]).click();
    } else if (event.key === "Escape" && field.value) {
      field.value = "";
      htmx.trigger(field, "input");
    }
  });
};
