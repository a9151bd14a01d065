// R1: each `[data-autosave]` (one S/O/A/P section: a form, or a part of one that names its own address and fields) sends its text 1.5 s after the last key and at least every 10 s.
// An unanswered request is repeated with the same text and the same idempotency key until the server answers, so a lost
// reply can neither double a version nor look like somebody else's. Text leaves this device's store only after that answer.
import { element, icon, uuid } from "./dom.js";
import { countDrafts, draftsOf, drop, forgetAll, keep } from "./drafts.js";

const PAUSE_MS = 1500;
const LONGEST_MS = 10_000;
const RETRY_MAX_S = 30;
const sections = new Map();

const backOffMs = (attempts) => Math.min(RETRY_MAX_S, 2 ** Math.min(attempts, 5)) * 1000 * (0.8 + Math.random() * 0.4);

const pathOf = (box) => new URL(box.dataset.action ?? box.action, location.href).pathname;
const fieldOf = (box, name) => box.querySelector(`[data-field="${name}"], [name="${name}"]`);
const fieldsOf = (box) =>
  box.matches("form") ? new URLSearchParams(new FormData(box)) : new URLSearchParams([...box.querySelectorAll("[data-field]")].map((field) => [field.dataset.field, field.value]));

class Section {
  constructor(form) {
    this.form = form;
    this.area = form.querySelector("textarea");
    this.region = form.querySelector("[data-save-region]") ?? form.closest(".sec")?.querySelector("[data-save-region]");
    this.path = pathOf(form);
    // A note gets its own address with its first save; unsent text must still be found under the visit's.
    this.draft = form.dataset.draftKey ?? this.path;
    this.version = fieldOf(form, "version").value;
    // What the server sent, not what stands here: somebody may have begun to write before this ran.
    this.saved = this.area.defaultValue;
    this.at = this.region?.firstElementChild?.dataset.at ?? "";
    this.pending = null;
    this.attempts = 0;
    this.busy = false;
    this.halted = false;
    this.dirtySince = 0;
    this.state = "clean";
    this.stored = true;
    this.area.addEventListener("input", () => this.changed());
    this.area.addEventListener("compositionend", () => this.changed());
    this.area.addEventListener("blur", () => this.isDirty() && this.schedule(0));
    form.addEventListener("submit", (event) => (event.preventDefault(), event.stopImmediatePropagation(), this.flush()), true);
    this.restore();
    if (this.state === "clean" && this.isDirty()) this.changed();
  }

  isDirty() {
    return this.pending !== null || this.area.value !== this.saved;
  }

  changed() {
    if (!this.isDirty()) return this.clean();
    this.dirtySince ||= Date.now();
    this.persist();
    if (this.state === "refused") this.halted = false;
    if (this.halted || this.attempts) return;
    this.show("saving", "c-half", "入力中…");
    this.schedule(Math.max(0, Math.min(PAUSE_MS, this.dirtySince + LONGEST_MS - Date.now())));
  }

  schedule(ms) {
    clearTimeout(this.timer);
    if (!this.halted) this.timer = setTimeout(() => this.send(), ms);
  }

  persist() {
    this.stored = keep(this.draft, this.version, { body: this.area.value, pending: this.pending });
  }

  clean() {
    clearTimeout(this.timer);
    drop(this.draft, this.version);
    this.dirtySince = 0;
    if (this.state === "saving") this.show("saved", "check", this.at ? `${this.at} 保存済` : "変更なし");
  }

  async send() {
    if (this.busy || this.halted) return this.sending;
    if (!this.isDirty()) return this.clean();
    this.pending ??= { body: this.area.value, key: uuid() };
    this.persist();
    this.busy = true;
    if (!this.attempts) this.show("saving", "c-half", "送信中…");
    this.sending = this.post().finally(() => (this.busy = false));
    await this.sending;
    if (this.state === "saved" && this.isDirty()) this.changed();
  }

  async post() {
    const body = fieldsOf(this.form);
    body.set("body", this.pending.body);
    body.set("version", this.version);
    body.set("idempotency_key", this.pending.key);
    let answer;
    try {
      answer = await fetch(this.path, { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
    } catch {
      return this.unsent("未送信 端末に保持");
    }
    const json = await answer.json().catch(() => ({}));
    if (answer.ok) return this.accepted(json);
    if (answer.status === 409) return this.conflicted(json);
    if (answer.status === 401) return this.unsent("未送信 サインインが切れました", "/login");
    if (answer.status === 429 || answer.status >= 500) return this.unsent("未送信 端末に保持");
    return this.refused(json.message ?? json.detail ?? "この文は保存できません。端末に保持しています");
  }

  accepted({ version, saved_at: at }) {
    if (version === undefined) return this.unsent("未送信 端末に保持");
    drop(this.draft, this.version);
    this.saved = this.pending.body;
    this.pending = null;
    this.attempts = 0;
    this.dirtySince = 0;
    this.version = String(version);
    fieldOf(this.form, "version").value = this.version;
    for (const field of document.querySelectorAll(`[data-version-of="${CSS.escape(this.form.dataset.section)}"]`)) field.value = this.version;
    this.at = at ?? "";
    if (this.area.value !== this.saved) this.persist();
    this.show("saved", "check", `${this.at} 保存済`);
  }

  unsent(text, href) {
    this.attempts += 1;
    this.persist();
    this.show("unsent", "off", text, href && `${href}?next=${encodeURIComponent(location.pathname)}`);
    this.schedule(backOffMs(this.attempts));
  }

  // Both texts are on the server now; ours stays here too until the person has chosen.
  conflicted({ conflict_url: href, other }) {
    this.halted = true;
    this.show("conflict", "swap", `${other ? `${other}さん` : "ほかの人"}と競合・見比べる`, href);
  }

  refused(message) {
    this.halted = true;
    this.pending = null;
    this.attempts = 0;
    this.persist();
    this.show("refused", "x-c", message);
  }

  show(state, mark, text, href) {
    this.state = state;
    const line = element(href ? "a" : "span", { class: "save", "data-save": state, ...(href && { href }) }, icon(mark), text);
    this.region?.replaceChildren(line);
    showPage();
  }

  // After a reload or a crash. Same version: the text simply comes back. The server moved on: offer it, decide nothing.
  restore() {
    for (const draft of draftsOf(this.draft)) {
      if (draft.body === this.saved) drop(this.draft, draft.version);
      else if ((draft.version === this.version || draft.pending?.body === this.saved) && !this.isDirty()) this.takeBack(draft);
      else this.offer(draft);
    }
  }

  takeBack(draft) {
    const answeredUnseen = draft.version !== this.version;
    if (answeredUnseen) drop(this.draft, draft.version);
    this.area.value = draft.body;
    this.pending = answeredUnseen ? null : draft.pending;
    this.persist();
    this.show("unsent", "off", "未送信の文を戻しました");
    this.schedule(0);
  }

  offer(draft) {
    const use = element("button", { class: "btn btn--s", type: "button" }, "この文を入れる");
    const leave = element("button", { class: "btn btn--s btn--quiet", type: "button" }, "消す");
    const at = new Date(draft.at).toLocaleString("ja-JP", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
    const text = element("p", { class: "pre" }, draft.body);
    const title = element("p", { class: "notice-title" }, `この端末に送れていない文があります(${at})`);
    const box = element("div", { class: "notice", "data-kind": "warn" }, icon("off"), title, text, element("div", { class: "row" }, use, leave));
    use.addEventListener("click", () => {
      this.area.value = this.area.value ? `${this.area.value}\n${draft.body}` : draft.body;
      drop(this.draft, draft.version);
      box.remove();
      this.area.dispatchEvent(new Event("tsumugi:filled"));
      this.area.focus();
      this.changed();
    });
    leave.addEventListener("click", () => (drop(this.draft, draft.version), box.remove(), this.area.focus()));
    this.form.after(box);
  }

  async flush() {
    for (let tries = 0; this.isDirty() && !this.halted && tries < 3; tries += 1) {
      clearTimeout(this.timer);
      await this.send();
      if (this.state === "unsent") break;
    }
    return !this.isDirty();
  }
}

// The footer's one line for the whole page. It never says "saved" while any section waits.
const showPage = () => {
  const place = document.querySelector("[data-save-page]");
  if (!place) return;
  const all = [...sections.values()];
  const waiting = all.filter((section) => section.state === "unsent").length;
  const stuck = all.filter((section) => ["conflict", "refused"].includes(section.state)).length;
  const last = all.map((section) => section.at ?? "").sort().at(-1);
  const [state, mark, text] = waiting
    ? ["unsent", "off", `未送信(${waiting})・再送中`]
    : stuck
      ? ["conflict", "swap", `未解決(${stuck})`]
      : all.some((section) => section.state === "saving")
        ? ["saving", "c-half", "送信中…"]
        : ["saved", "check", last ? `${last} 保存済` : ""];
  place.hidden = !text;
  place.dataset.save = state;
  place.replaceChildren(icon(mark), text);
};

export const flushAll = async () => (await Promise.all([...sections.values()].map((section) => section.flush()))).every(Boolean);

export const startSections = (root) => {
  for (const [path, section] of sections) if (!section.form.isConnected) sections.delete(path);
  for (const form of root.querySelectorAll("[data-autosave]")) {
    const path = pathOf(form);
    if (!sections.has(path)) sections.set(path, new Section(form));
  }
};

// 確定 and the like wait for every section: `form[data-after-save]` goes only when all texts are on the server.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-after-save]") || form.dataset.flushed || ![...sections.values()].some((section) => section.isDirty())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    flushAll().then((done) => {
      const stuck = [...sections.values()].find((section) => section.isDirty());
      // A text kept as named lines shows its fields instead of itself.
      if (!done) return (stuck?.area.hidden ? stuck.form.querySelector("[data-part]") : stuck?.area)?.focus();
      form.dataset.flushed = "yes";
      form.requestSubmit(event.submitter);
      delete form.dataset.flushed;
    });
  },
  true,
);

let leaving = false;
window.addEventListener("tsumugi:leaving", () => (leaving = true));
window.addEventListener("beforeunload", (event) => {
  if (!leaving && [...sections.values()].some((section) => section.isDirty())) event.preventDefault();
});
const retry = () => sections.forEach((section) => section.isDirty() && section.schedule(0));
window.addEventListener("online", retry);
window.addEventListener("focus", () => sections.forEach((section) => section.state === "unsent" && section.schedule(0)));
document.addEventListener("visibilitychange", () => document.hidden && retry());

// Sign-out clears this device. Text that could not be sent is named first; a second press lets it go.
export const guardSignOut = () => {
  for (const form of document.querySelectorAll("[data-sign-out]")) {
    form.addEventListener("submit", async (event) => {
      if (form.dataset.sure) return forgetAll();
      event.preventDefault();
      event.stopImmediatePropagation();
      await flushAll();
      // The browser ignores a form sent again from within its own submit event.
      await new Promise((next) => setTimeout(next));
      const left = countDrafts();
      form.dataset.sure = "yes";
      leaving = true;
      if (!left) return form.requestSubmit();
      const title = element("p", { class: "notice-title" }, `送れていない文が ${left}件 この端末にあります`);
      const text = element("p", {}, "カルテを開くと送り直します。もう一度サインアウトを押すと、この端末から消してサインアウトします。");
      document.querySelector("#page-notice")?.replaceChildren(element("div", { class: "notice", "data-kind": "warn" }, icon("off"), title, text));
    }, true);
  }
};
