// 同意の期限: what a patient allowed until a moment leaves the page at that moment, whatever the network does; and at once when the
// consents on the page no longer speak of it.
const LOOK_MS = 5_000;
const GONE = "閲覧できる時間が終わったため、表示を消しました。";

const clear = (box, words = GONE) => {
  const place = box.closest("#consented") ?? box.parentElement;
  const says = document.createElement("p");
  says.className = "panel-body muted";
  says.textContent = words;
  place.replaceChildren(says);
  htmx.trigger(document.body, "consent-ended");
};

// Both clocks count: one stands still while the machine sleeps, the other can be set.
const watch = (box) => {
  if (box.dataset.ready) return;
  box.dataset.ready = "yes";
  const left = Number(box.dataset.shownFor) * 1000;
  const ends = [Date.now() + left, performance.now() + left];
  const look = () => {
    if (!box.isConnected) return clearInterval(timer);
    if (Date.now() < ends[0] && performance.now() < ends[1]) return;
    clearInterval(timer);
    clear(box);
  };
  const timer = setInterval(look, Math.min(LOOK_MS, Math.max(200, left)));
  document.addEventListener("visibilitychange", look);
};

export const startConsents = () => {
  for (const box of document.querySelectorAll("[data-shown-for]")) watch(box);
  const list = document.querySelector("[data-open-consents]");
  const shown = document.querySelector("#consented [data-shown]");
  if (list && shown && !list.dataset.openConsents.split(" ").includes(shown.dataset.shown)) clear(shown);
};

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const shown = document.querySelector("#consented [data-shown]");
  if (shown && detail.xhr.status === 403 && detail.requestConfig.path.includes("/consents/")) clear(shown);
});
