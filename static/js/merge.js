// R2: choosing a side redraws the merged text at once; ← → B choose for the difference in focus, ↑ ↓ go to the next one.
// A text somebody already rewrote by hand is left alone until they ask for it again.
import { isComposing, isTyping } from "./dom.js";

const chosenText = (hunk) => {
  const pick = hunk.querySelector("input:checked")?.value ?? "mine";
  const source = hunk.querySelector(`[data-${pick}]`);
  return { pick, text: source?.dataset[pick] ?? "" };
};

const WORDS = { mine: "← 自分の文を採用", theirs: "→ 相手の文を採用", both: "← → 両方を採用" };

export const startMerge = () => {
  const form = document.querySelector("[data-merge]");
  const merged = document.querySelector("[data-merged]");
  if (!form || !merged) return;
  const hunks = [...form.querySelectorAll("[data-hunk]")];
  let drawn = merged.value;

  const draw = (force) => {
    for (const hunk of hunks) {
      const { pick, text } = chosenText(hunk);
      hunk.querySelector("[data-piece]").textContent = text;
      hunk.querySelector("[data-picked]").textContent = WORDS[pick];
    }
    if (!force && merged.value !== drawn) return;
    merged.value = [...form.querySelectorAll("[data-piece]")].map((piece) => piece.textContent).join("");
    drawn = merged.value;
  };

  form.addEventListener("change", () => draw(false));
  form.addEventListener("submit", (event) => (event.preventDefault(), draw(true), merged.focus()));
  hunks[0]?.querySelector("input:checked")?.focus();
  document.addEventListener("keydown", (event) => {
    if (isComposing(event) || isTyping(event.target) || event.altKey || event.ctrlKey || event.shiftKey) return;
    const now = hunks.findIndex((hunk) => hunk.contains(document.activeElement));
    const side = { ArrowLeft: "mine", ArrowRight: "theirs", b: "both", B: "both" }[event.key];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!side && !step) return;
    const hunk = hunks[side ? Math.max(0, now) : now + step];
    if (!hunk) return;
    event.preventDefault();
    if (side) hunk.querySelector(`[value="${side}"]`).checked = true;
    (hunk.querySelector("input:checked") ?? hunk.querySelector("input")).focus();
    draw(false);
  });
};
