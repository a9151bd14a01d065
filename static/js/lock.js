// Idle lock: text is hidden, the draft stays. The server keeps its own clock; this one only closes the curtain in time and warns a minute before.
import { flushAll } from "./autosave.js";
import { element, icon } from "./dom.js";

const WARN_S = 60;
const seen = `tsumugi.seen/${document.body.dataset.draftScope}`;

let last = Date.now();
let told = 0;
let locking = false;

// Work in another window of the same person keeps this one open too.
const lastSeen = () => {
  const other = Number(localStorage.getItem(seen)) || 0;
  return Math.max(last, Math.min(other, Date.now()));
};

const touch = () => {
  last = Date.now();
  if (last - told < 2000) return;
  told = last;
  try {
    localStorage.setItem(seen, String(last));
  } catch {
    // storage is full or forbidden: this window counts alone
  }
};

const warning = element("p", { class: "toast", role: "status" });

const warn = (left) => {
  warning.replaceChildren(icon("lock"), `操作がないため、あと${left}秒で画面を閉じます(書きかけの文は残ります)`);
  if (!warning.isConnected) document.body.append(warning);
};

const lock = async () => {
  locking = true;
  document.body.classList.add("locked");
  warning.remove();
  await Promise.race([flushAll(), new Promise((done) => setTimeout(done, 3000))]);
  const back = encodeURIComponent(location.pathname);
  try {
    await fetch("/session/lock", { method: "POST", headers: { Accept: "application/json" }, keepalive: true });
  } catch {
    // no network: the curtain stays, and the next answered request asks for the sign-in
  }
  window.dispatchEvent(new Event("tsumugi:leaving"));
  location.assign(`/session/locked?next=${back}`);
};

export const startLock = () => {
  const limit = Number(document.body.dataset.idleLock);
  for (const name of ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"]) window.addEventListener(name, touch, { passive: true });
  touch();
  setInterval(() => {
    if (locking) return;
    const left = Math.ceil(limit - (Date.now() - lastSeen()) / 1000);
    if (left <= 0) lock();
    else if (left <= WARN_S && limit > WARN_S) warn(left);
    else warning.remove();
  }, 1000);
};
