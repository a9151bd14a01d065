// Start of every page. Everything here only helps: each page works by plain links and forms without it.
import { startKeys } from "./keys.js";
import { startRows } from "./rowkeys.js";
import { startToasts } from "./toast.js";

document.documentElement.dataset.script = "on";

const prepare = (root) => {
  for (const element of root.querySelectorAll("[data-needs-script]")) element.hidden = false;
  startToasts(root);
  if (root.querySelector("[data-autosave]")) import("./autosave.js").then((m) => (m.startSections(root), root.querySelector("[data-parts]") && import("./parts.js").then((p) => p.startParts(root))));
  if (root.querySelector("[data-quote]")) import("./chart.js").then((m) => m.startQuotes(root));
  for (const table of root.querySelectorAll("table[data-cells]")) import("./cells.js").then((m) => m.startCells(table));
  if (root.querySelector("[data-choices], [data-widen], [data-open-focus]")) import("./prescription.js").then((m) => m.startPrescription(root));
  if (root === document && root.querySelector("[data-board]")) import("./board.js").then((m) => m.startBoard(root.querySelector("[data-board]")));
  if (root.querySelector("[data-attachments], [data-viewer]")) import("./attachments.js").then((m) => m.startAttachments(root));
  if (root.querySelector("[data-drawing]")) import("./drawing.js").then((m) => m.startDrawing(root.querySelector("[data-drawing]")));
  if (root.querySelector("[data-vitals]")) import("./vitals.js").then((m) => m.startVitals(root.querySelector("[data-vitals]")));
  if (root.querySelector("[data-merge]")) import("./merge.js").then((m) => m.startMerge());
  if (document.querySelector("[data-shown-for], [data-open-consents]")) import("./consents.js").then((m) => m.startConsents());
  if (root.querySelector("[data-passkey]")) import("./webauthn.js").then((m) => m.startPasskeys(root));
};

if (document.querySelector('.app-nav a[href="/notes/pending"]')) import("./overdue.js").then((m) => m.startOverdue());

// A search box keeps its text selected: the next word or card replaces it.
const focusFirst = (root) => {
  const place = root.matches?.("[data-focus]") ? root : root.querySelector("[data-focus]");
  place?.focus();
  if (place?.matches("[type=search]")) place.select();
};

// What was looked for stays in this tab, so that coming back from a patient shows the same list; no address ever holds it.
const remember = (field) => {
  const key = `tsumugi.asked/${document.body.dataset.draftScope}`;
  field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
  const asked = sessionStorage.getItem(key);
  if (asked && !field.value) {
    field.value = asked;
    htmx.trigger(field, "input");
  }
};

// The server's own measure when it sends one, else the wait the browser saw.
const showServerTime = () => {
  const place = document.querySelector("[data-server-ms]");
  const entry = performance.getEntriesByType("navigation")[0];
  if (!place || !entry) return;
  const server = entry.serverTiming?.find((timing) => timing.name === "app");
  const ms = server ? server.duration : entry.responseStart - entry.requestStart;
  place.textContent = `この画面 ${Math.max(1, Math.round(ms))} ms`;
};

// A form sent twice by a double press: the second one is dropped until the page comes back.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.hasAttribute("hx-post") || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Fragments: errors are swapped only when the server said where; a text somebody is writing is never replaced.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr, target } = detail;
  if (xhr.status >= 400 && xhr.getResponseHeader("HX-Retarget")) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
  const active = document.activeElement;
  if (active?.matches("[data-autosave] textarea") && target.contains(active)) detail.shouldSwap = false;
});
// The page as a whole is prepared below, once; htmx announces it too, at a moment of its own.
document.addEventListener("htmx:load", ({ detail }) => detail.elt !== document.body && prepare(detail.elt));
// A box that lives on a visit, or on an inquiry, asks for itself again when somebody, or the worker, has changed it.
const follows = new Set();
const follow = async (kind) => {
  const boxes = `[data-live-${kind}]:not([data-live-${kind}=""])`;
  if (follows.has(kind) || !document.querySelector(boxes)) return;
  follows.add(kind);
  const { startLive } = await import("./live.js");
  const isShown = (ids) => !ids || ids.some((id) => document.querySelector(`[data-live-${kind}="${id}"]`));
  startLive((ids) => isShown(ids) && document.body.dispatchEvent(new CustomEvent(`${kind}-changed`)), () => {}, kind);
};
const followAll = () => ["visit", "inquiry"].forEach(follow);
document.addEventListener("htmx:load", followAll);
document.addEventListener("htmx:afterSettle", ({ detail }) => focusFirst(detail.elt));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  // Whoever takes over goes on where the page is.
  const link = event.target.closest("a[data-from-here]");
  if (link) link.search = new URLSearchParams({ next: location.pathname });
});
// A PIN is sent with its last digit.
document.addEventListener("input", ({ target, isComposing }) => {
  if (target.dataset?.submitAt && !isComposing && target.value.length === Number(target.dataset.submitAt)) target.form.requestSubmit();
});

prepare(document);
followAll();
const remembered = document.querySelector("[data-remember]");
if (remembered) remember(remembered);
focusFirst(document);
startKeys();
if (document.body.dataset.lead || document.body.dataset.follow) import("./chart.js").then((m) => m.startChart());
if (document.querySelector("[data-pick], .pane")) import("./pick.js").then((m) => m.startPicks());
startRows();
if (Number(document.body.dataset.idleLock) > 0) import("./lock.js").then((m) => m.startLock());
for (const form of document.querySelectorAll("[data-sign-out]")) form.addEventListener("submit", () => sessionStorage.clear());
if (document.querySelector("[data-sign-out]")) import("./autosave.js").then((m) => m.guardSignOut());
if (document.readyState === "complete") showServerTime();
else window.addEventListener("load", showServerTime);
