// R4: what was just done, with 30 s to take it back. Pointing at it or focusing it stops the clock. The `U` key is its button's data-key.
const tick = (toast, left) => {
  const place = toast.querySelector("[data-left]");
  let seconds = left;
  const timer = setInterval(() => {
    if (!toast.isConnected) return clearInterval(timer);
    if (toast.matches(":hover, :focus-within")) return;
    seconds -= 1;
    if (place) place.textContent = String(seconds);
    if (seconds > 0) return;
    clearInterval(timer);
    toast.remove();
  }, 1000);
};

export const startToasts = (root) => {
  const found = [...root.querySelectorAll("[data-undo], [data-fade]")];
  if (root instanceof Element && root.matches("[data-undo], [data-fade]")) found.push(root);
  for (const toast of found) {
    if (toast.dataset.ticking) continue;
    toast.dataset.ticking = "yes";
    tick(toast, Number(toast.dataset.undo ?? toast.dataset.fade) || 30);
  }
};
