// シェーマ: marks on a picture, kept as numbers. The picture of it is drawn from them, so what is kept can be drawn on again.
import { draftsOf, drop, keep } from "./drafts.js";
import { element, icon, isComposing, uuid } from "./dom.js";

const WIDTH = 1000;
const HEIGHT_MAX = 2000;
const PAUSE_MS = 400;
// Each ink has a line and a colour that hold on white and on skin.
const INKS = { red: ["#c8102e", []], blue: ["#0031d8", [18, 10]], green: ["#115a36", [3, 12]], black: ["#1a1a1c", [24, 8, 4, 8]] };
const LINES = { 1: 3, 2: 6, 3: 11 };
const POINTS_MAX = 1500;

const whole = (value, most) => Math.round(Math.min(most, Math.max(0, value)));

const stroke = (paper, mark, points) => {
  const [colour, dash] = INKS[mark.ink];
  paper.strokeStyle = colour;
  paper.lineWidth = LINES[mark.width];
  paper.setLineDash(dash);
  paper.beginPath();
  points.forEach(([x, y], at) => (at ? paper.lineTo(x, y) : paper.moveTo(x, y)));
  if (points.length === 1) paper.lineTo(points[0][0] + 0.1, points[0][1]);
  paper.stroke();
  paper.setLineDash([]);
};

// A white edge keeps letters readable on a photo.
const letter = (paper, ink, text, x, y, size) => {
  paper.font = `bold ${size}px sans-serif`;
  paper.lineWidth = 8;
  paper.strokeStyle = "#fff";
  paper.strokeText(text, x, y);
  paper.fillStyle = INKS[ink][0];
  paper.fillText(text, x, y);
};

const draws = {
  pen: (paper, mark) => stroke(paper, mark, mark.points),
  arrow: (paper, mark) => {
    const [[x0, y0], [x1, y1]] = [mark.from, mark.to];
    stroke(paper, mark, [mark.from, mark.to]);
    const turn = Math.atan2(y1 - y0, x1 - x0);
    const side = (by) => [x1 - 34 * Math.cos(turn + by), y1 - 34 * Math.sin(turn + by)];
    paper.fillStyle = INKS[mark.ink][0];
    paper.beginPath();
    [[x1, y1], side(0.45), side(-0.45)].forEach(([x, y], at) => (at ? paper.lineTo(x, y) : paper.moveTo(x, y)));
    paper.fill();
  },
  text: (paper, mark) => letter(paper, mark.ink, mark.words, ...mark.at, 42),
  number: (paper, mark) => {
    const [x, y] = mark.at;
    paper.fillStyle = "#fff";
    paper.strokeStyle = INKS[mark.ink][0];
    paper.lineWidth = 5;
    paper.setLineDash(INKS[mark.ink][1].map((length) => length / 2));
    paper.beginPath();
    paper.arc(x, y, 30, 0, 7);
    paper.fill();
    paper.stroke();
    paper.setLineDash([]);
    paper.textAlign = "center";
    letter(paper, mark.ink, String(mark.number), x, y + 13, 36);
    paper.textAlign = "left";
    if (mark.words) letter(paper, mark.ink, mark.words, whole(x + 42, WIDTH), y + 13, 38);
  },
};

const NAMES = { pen: "ペンの線", arrow: "矢印", text: "文字", number: "番号" };
const INK_NAMES = { red: "赤", blue: "青", green: "緑", black: "黒" };

class Board {
  constructor(form) {
    this.form = form;
    this.canvas = form.querySelector("[data-canvas]");
    this.paper = this.canvas.getContext("2d");
    this.list = form.querySelector("[data-marks]");
    this.marks = [];
    this.past = [];
    this.future = [];
    this.cursor = null;
    this.form.hidden = false;
    // It is sent by the button below, never by a form of its own.
    form.addEventListener("submit", (event) => (event.preventDefault(), event.stopImmediatePropagation()), true);
  }

  async start() {
    this.base = new Image();
    this.base.src = this.form.dataset.base;
    await this.base.decode().catch(() => this.state("stop", "下絵を開けませんでした。画面を開き直してください。"));
    const { height } = this.form.dataset;
    this.height = Number(height) || whole((this.base.naturalHeight / this.base.naturalWidth) * WIDTH, HEIGHT_MAX) || 800;
    [this.canvas.width, this.canvas.height] = [WIDTH, this.height];
    this.cursor = [WIDTH / 2, whole(this.height / 2, this.height)];
    if (this.form.dataset.began) this.marks = JSON.parse(this.form.dataset.began).marks;
    this.restore();
    this.draw();
    this.listen();
  }

  drawing() {
    const { template, photo } = this.form.dataset;
    return JSON.stringify({ version: 1, base: photo ? { photo } : { template }, height: this.height, marks: this.marks });
  }

  chosen(name) {
    return this.form.querySelector(`[name=${name}]:checked`).value;
  }

  state(kind, text) {
    const place = document.querySelector("[data-drawing-state]");
    place.dataset.save = { stop: "refused", ok: "saved" }[kind] ?? kind;
    place.replaceChildren(icon({ stop: "x-c", ok: "check", unsent: "off", saving: "c-half" }[kind]), text);
  }

  say(text) {
    this.form.querySelector("[data-say]").textContent = text;
  }

  // A reload brings back what was not kept yet; a version that moved on meanwhile is not drawn over.
  restore() {
    const { draft, version } = this.form.dataset;
    const kept = draftsOf(draft).find((one) => one.version === version);
    if (!kept) return;
    try {
      const { marks, height } = JSON.parse(kept.body);
      if (height !== this.height || !Array.isArray(marks)) return;
      this.marks = marks;
      this.state("unsent", "未送信の図を戻しました");
    } catch {
      drop(draft, version);
    }
  }

  changed(before) {
    this.past.push(before);
    this.future = [];
    this.after();
  }

  after() {
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const isKept = keep(this.form.dataset.draft, this.form.dataset.version, { body: this.drawing() });
      this.state(isKept ? "unsent" : "stop", isKept ? "未送信 端末に保持" : "端末に保持できません。早めに残してください");
    }, PAUSE_MS);
  }

  add(mark) {
    const before = structuredClone(this.marks);
    this.marks.push(mark);
    this.changed(before);
    this.say(`${NAMES[mark.is]}を置きました`);
  }

  draw(live) {
    this.drawPaper(live);
    if (!live) this.drawList();
  }

  drawPaper(live) {
    const { paper } = this;
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, WIDTH, this.height);
    if (this.base.naturalWidth) {
      const scale = Math.min(WIDTH / this.base.naturalWidth, this.height / this.base.naturalHeight);
      const [w, h] = [this.base.naturalWidth * scale, this.base.naturalHeight * scale];
      paper.drawImage(this.base, (WIDTH - w) / 2, (this.height - h) / 2, w, h);
    }
    [paper.lineCap, paper.lineJoin] = ["round", "round"];
    for (const mark of live ? [...this.marks, live] : this.marks) draws[mark.is](paper, mark);
  }

  drawCursor() {
    this.drawPaper();
    const [x, y] = this.cursor;
    for (const [colour, width] of [["#fff", 7], ["#1a1a1c", 3]]) {
      this.paper.strokeStyle = colour;
      this.paper.lineWidth = width;
      this.paper.beginPath();
      this.paper.moveTo(x - 26, y);
      this.paper.lineTo(x + 26, y);
      this.paper.moveTo(x, y - 26);
      this.paper.lineTo(x, y + 26);
      this.paper.stroke();
    }
  }

  // Every mark as a line that can be read, worded and taken away without a mouse. A line somebody types into is left alone.
  drawList() {
    if (this.list.contains(document.activeElement) && this.list.children.length === this.marks.length) return;
    this.list.replaceChildren(...this.marks.map((mark, at) => {
      const name = `${mark.is === "number" ? `番号 ${mark.number}` : NAMES[mark.is]}(${INK_NAMES[mark.ink]})`;
      const away = element("button", { class: "btn btn--s btn--quiet", type: "button" }, "消す", element("span", { class: "sr" }, ` ${name}`));
      away.addEventListener("click", () => {
        const before = structuredClone(this.marks);
        this.marks.splice(at, 1);
        this.changed(before);
        this.canvas.focus();
      });
      const line = element("li", { class: "row row--tight" }, element("span", {}, name));
      if ("words" in mark) line.append(this.wordsOf(mark, name));
      line.append(away);
      return line;
    }));
  }

  wordsOf(mark, name) {
    const field = element("input", { class: "input", maxlength: "60", "aria-label": `${name} の言葉`, placeholder: "言葉" });
    field.value = mark.words;
    let before;
    field.addEventListener("focus", () => (before = structuredClone(this.marks)));
    field.addEventListener("input", () => {
      mark.words = field.value;
      this.after();
    });
    field.addEventListener("change", () => this.past.push(before));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey || isComposing(event)) return;
      event.preventDefault();
      this.canvas.focus();
    });
    return field;
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [whole(((event.clientX - box.left) / box.width) * WIDTH, WIDTH), whole(((event.clientY - box.top) / box.height) * this.height, this.height)];
  }

  place(tool, at) {
    const ink = this.chosen("ink");
    if (tool === "number") this.add({ is: "number", ink, at, number: 1 + Math.max(0, ...this.marks.map((mark) => mark.number ?? 0)), words: "" });
    else this.add({ is: "text", ink, at, words: "" });
    // The words come next.
    this.list.lastElementChild?.querySelector("input")?.focus();
  }

  listen() {
    let live = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      this.canvas.focus();
      const [tool, at] = [this.chosen("tool"), this.at(event)];
      this.cursor = at;
      if (tool === "number" || tool === "text") return this.place(tool, at);
      this.canvas.setPointerCapture(event.pointerId);
      const common = { is: tool, ink: this.chosen("ink"), width: Number(this.chosen("width")) };
      live = tool === "pen" ? { ...common, points: [at] } : { ...common, from: at, to: at };
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!live) return;
      const at = this.at(event);
      if (live.is === "arrow") live.to = at;
      else if (live.points.length < POINTS_MAX && Math.hypot(at[0] - live.points.at(-1)[0], at[1] - live.points.at(-1)[1]) > 2) live.points.push(at);
      this.draw(live);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => {
        const done = live;
        live = null;
        if (done && (done.is === "pen" || Math.hypot(done.to[0] - done.from[0], done.to[1] - done.from[1]) > 8)) this.add(done);
        else if (done) this.draw();
      });
    }
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => this.canvas.matches(":focus-visible") && this.drawCursor());
    // Only the paper: the focus may be on its way to a line of the list.
    this.canvas.addEventListener("blur", () => this.drawPaper());
    for (const button of this.form.querySelectorAll("[data-act]")) button.addEventListener("click", () => this[button.dataset.act]());
    for (const field of this.form.querySelectorAll("[name=title]")) field.addEventListener("input", () => this.after());
    document.querySelector("[data-drawing-save]").addEventListener("click", () => this.save());
    this.canvas.focus();
    this.drawCursor();
  }

  key(event) {
    const step = event.shiftKey ? 100 : 10;
    const [dx, dy] = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key] ?? [0, 0];
    if (event.altKey || event.ctrlKey || event.metaKey || isComposing(event)) return;
    if (dx || dy) {
      event.preventDefault();
      this.cursor = [whole(this.cursor[0] + dx, WIDTH), whole(this.cursor[1] + dy, this.height)];
      this.drawCursor();
      this.say(`横 ${this.cursor[0]}、縦 ${this.cursor[1]}`);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.place(this.chosen("tool") === "text" ? "text" : "number", [...this.cursor]);
    }
  }

  undo() {
    if (!this.past.length) return this.say("戻すものはありません");
    this.future.push(structuredClone(this.marks));
    this.marks = this.past.pop();
    this.after();
  }

  redo() {
    if (!this.future.length) return this.say("やり直すものはありません");
    this.past.push(structuredClone(this.marks));
    this.marks = this.future.pop();
    this.after();
  }

  clear() {
    if (!this.marks.length) return;
    const before = structuredClone(this.marks);
    this.marks = [];
    this.changed(before);
    this.say("全部消しました。戻すで取り消せます");
  }

  async save() {
    if (this.busy) return;
    // A text without words is no mark.
    this.marks = this.marks.filter((mark) => mark.is !== "text" || mark.words.trim());
    this.draw();
    if (!this.marks.length) return this.state("stop", "まだ何も描かれていません");
    this.busy = true;
    this.state("saving", "送信中…");
    const picture = await new Promise((done) => this.canvas.toBlob(done, "image/png"));
    const body = new FormData(this.form);
    for (const name of ["tool", "ink", "width"]) body.delete(name);
    body.set("drawing", this.drawing());
    body.append("file", picture, "schema.png");
    try {
      const answer = await fetch(this.form.dataset.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const json = await answer.json().catch(() => ({}));
      if (!answer.ok) return this.state("stop", answer.status === 409 ? "ほかの人が先に描き直しました。一覧から開いて見比べてください。この図は端末に残っています" : (json.title ?? "残せませんでした。端末には残っています"));
      clearTimeout(this.timer);
      drop(this.form.dataset.draft, this.form.dataset.version);
      window.dispatchEvent(new Event("tsumugi:leaving"));
      location.assign(json.location);
    } catch {
      this.state("unsent", "未送信 端末に保持。つながったらもう一度押してください");
    } finally {
      this.busy = false;
      this.form.querySelector("[name=idempotency_key]").value = uuid();
    }
  }
}

export const startDrawing = (form) => new Board(form).start();
