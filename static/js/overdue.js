// 24時間を超えて承認を待つ記録 (GL-12): a number beside the doctor's list on whatever page is open. Asked every five minutes at most; what
// was last heard stays in this tab.
const EVERY_MS = 300_000;

const show = (count) => {
  const link = document.querySelector('.app-nav a[href="/notes/pending"]');
  link.querySelector("[data-overdue]")?.remove();
  if (!count) return;
  const mark = document.createElement("span");
  mark.className = "count count--stop";
  mark.dataset.overdue = "";
  mark.textContent = String(count);
  const words = document.createElement("span");
  words.className = "sr";
  words.textContent = "件が24時間を超えて承認待ち";
  mark.append(words);
  link.append(" ", mark);
};

const ask = async (key) => {
  const answer = await fetch("/notes/overdue", { headers: { "X-Background": "1", Accept: "application/json" } });
  if (!answer.ok) return;
  const { overdue } = await answer.json();
  sessionStorage.setItem(key, JSON.stringify({ overdue, at: Date.now() }));
  show(overdue);
};

export const startOverdue = () => {
  const key = `tsumugi.overdue/${document.body.dataset.draftScope}`;
  const known = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (known) show(known.overdue);
  const isFresh = known && Date.now() - known.at < EVERY_MS && !location.pathname.startsWith("/notes/pending");
  if (!isFresh) ask(key).catch(() => {});
  setInterval(() => ask(key).catch(() => {}), EVERY_MS);
};
