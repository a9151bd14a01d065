// 計測: a value more than a fifth away from what is usual for this patient turns amber as it is typed; having been shown, it is kept
// by one press.
const half = (text) => text.trim().replace(/[０-９．]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0));

const show = (field, seen) => {
  const usual = Number(field.dataset.usual);
  const text = half(field.querySelector("input").value);
  const value = Number(text);
  const isUnusual = Boolean(text) && Number.isFinite(value) && Math.abs(value - usual) * 5 > usual + 1e-9;
  field.toggleAttribute("data-unusual", isUnusual);
  field.querySelector(".unusual").hidden = !isUnusual;
  if (!isUnusual) return;
  const written = field.dataset.usual.includes(".") ? value.toFixed(1) : String(value);
  seen.value = `${seen.value} ${field.dataset.vital}=${written}`.trim();
};

export const startVitals = (form) => {
  const seen = form.elements.seen;
  for (const field of form.querySelectorAll("[data-usual]")) field.querySelector("input").addEventListener("change", () => show(field, seen));
};
