// 前回引用: puts what the last visit said into the section, after what is already there.
export const startQuotes = (root) => {
  for (const button of root.querySelectorAll("[data-quote]")) {
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.hidden = false;
    button.addEventListener("click", () => {
      const area = document.getElementById(button.dataset.quoteTo) ?? button.closest("[data-autosave]")?.querySelector("textarea");
      if (!area || area.readOnly) return;
      const before = area.value && !area.value.endsWith("\n") ? "\n" : "";
      area.focus();
      area.setRangeText(`${before}${button.dataset.quote}`, area.value.length, area.value.length, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
};
