// 受付ボード: brings the rows that changed into the open page. Nothing moves under the hand: a cell that holds the focus stays as
// it is, the order never changes, and a row that leaves hands the focus to the next one.
import { icon, isComposing, isTyping } from "./dom.js";
import { startLive } from "./live.js";

const TOGETHER_MS = 150;
const MINUTE_EVERY_MS = 15_000;
const SAY_EVERY_MS = 10_000;
const WAITS = [[45, "over", "tri", "45分以上 "], [30, "long", "clock", "30分以上 "]];

const byId = (id) => document.getElementById(id);
const holdsFocus = (element) => element.contains(document.activeElement) && element !== document.body;
const prepareRow = (row) => {
  for (const element of row.querySelectorAll("[data-needs-script]")) element.hidden = false;
  htmx.process(row);
};

// Cell by cell, so that the one somebody is on is left alone unless it says something else about the patient.
const updateRow = (row, fresh) => {
  for (const name of ["data-mine", "data-done"]) row.toggleAttribute(name, fresh.hasAttribute(name));
  const cells = [...fresh.children];
  [...row.children].forEach((cell, n) => {
    const next = cells[n];
    for (const element of next.querySelectorAll("[data-needs-script]")) element.hidden = false;
    const same = cell.innerHTML === next.innerHTML;
    if (same && cell.className === next.className) return;
    const focused = holdsFocus(cell) ? document.activeElement.id : "";
    cell.replaceWith(next);
    htmx.process(next);
    if (focused) byId(focused)?.focus({ preventScroll: true });
  });
};

const leave = (row) => {
  if (holdsFocus(row)) {
    const next = row.nextElementSibling?.querySelector("a[data-row]") ?? row.previousElementSibling?.querySelector("a[data-row]");
    next?.focus({ preventScroll: true });
  }
  row.remove();
};

// Puts the rows of one group into the server's order; false when one of them has not come with this answer.
const arrange = (body, ids, fresh) => {
  let at = body.querySelector(".group-row");
  for (const id of ids) {
    let row = byId(`visit-${id}`);
    const next = fresh.get(`visit-${id}`);
    if (!row && !next) return false;
    if (!row) {
      row = next;
      (at ? at.after.bind(at) : body.prepend.bind(body))(row);
      prepareRow(row);
    } else if (next) updateRow(row, next);
    const place = at ? at.nextElementSibling : body.firstElementChild;
    if (place !== row) {
      const focused = holdsFocus(row) ? document.activeElement.id : "";
      (at ? at.after.bind(at) : body.prepend.bind(body))(row);
      if (focused) byId(focused)?.focus({ preventScroll: true });
    }
    at = row;
  }
  return true;
};

const idsOf = (board, name) => board.dataset[name].split(" ").filter(Boolean);

// Who is expected, and the next bill: whole pieces, replaced unless somebody is on them.
const replacePieces = (board, fresh) => {
  for (const [selector, place] of [["#bookings", "table.board"], ["#next-bill", null]]) {
    const [old, next] = [board.querySelector(selector), fresh.querySelector(selector)];
    if (old && holdsFocus(old)) continue;
    if (next) document.adoptNode(next);
    if (old && next) old.replaceWith(next);
    else if (old) old.remove();
    else if (next && place) board.querySelector(place).append(next);
  }
};

const merge = (board, fresh) => {
  const rows = new Map([...fresh.querySelectorAll("tr[id^=visit-]")].map((row) => [row.id, document.adoptNode(row)]));
  const open = idsOf(fresh, "open");
  const done = idsOf(fresh, "done");
  const kept = new Set([...open, ...done].map((id) => `visit-${id}`));
  for (const row of board.querySelectorAll("tr[id^=visit-]")) if (!kept.has(row.id)) leave(row);
  const isWhole = [arrange(byId("rows-open"), open, rows), arrange(byId("rows-done"), done, rows)].every(Boolean);
  for (const tally of fresh.querySelectorAll("[id^=tally-]")) byId(tally.id).replaceChildren(...tally.childNodes);
  for (const id of ["board-received", "board-at", "done-count"]) byId(id).textContent = fresh.querySelector(`#${id}`).textContent;
  replacePieces(board, fresh);
  byId("list").hidden = fresh.querySelector("#list").hidden;
  byId("board-empty").hidden = !byId("list").hidden;
  board.querySelector("#rows-done .group-row").hidden = done.length === 0;
  byId("board-said").dataset.line = fresh.querySelector("#board-said").dataset.line;
  return isWhole;
};

const showMinutes = (board, ahead) => {
  const now = Date.now() / 1000 + ahead;
  for (const cell of board.querySelectorAll("td[data-arrived]")) {
    const minutes = Math.max(0, Math.floor((now - Number(cell.dataset.arrived)) / 60));
    cell.querySelector("[data-minutes]").textContent = String(minutes);
    const [, level, mark, words] = WAITS.find(([limit]) => minutes >= limit) ?? [];
    if ((cell.dataset.wait ?? "") === (level ?? "")) continue;
    for (const old of cell.querySelectorAll("svg, .sr")) old.remove();
    if (!level) delete cell.dataset.wait;
    else {
      cell.dataset.wait = level;
      const sr = document.createElement("span");
      sr.className = "sr";
      sr.textContent = words;
      cell.prepend(icon(mark), sr);
    }
  }
};

const startMenu = () => {
  const menu = byId("moves");
  let opener = null;
  document.addEventListener("click", async (event) => {
    const door = event.target.closest?.("[data-menu]");
    if (!door || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    opener = door.closest("tr");
    await htmx.ajax("GET", door.getAttribute("href"), { target: menu, swap: "innerHTML" });
    if (!menu.firstElementChild) return;
    menu.showPopover({ source: door });
    menu.querySelector("input:not([type=hidden]), button")?.focus();
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || isComposing(event) || isTyping(event.target)) return;
    event.preventDefault();
    const buttons = [...menu.querySelectorAll("button")];
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length]?.focus();
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!menu.contains(detail.elt) || detail.requestConfig.verb !== "post") return;
    menu.hidePopover();
    opener?.querySelector("a[data-row]")?.focus();
  });
};

export const startBoard = (board) => {
  const ahead = Number(board.dataset.now) - Date.now() / 1000;
  let wanted = null;
  let timer = 0;
  let busy = false;

  const ask = async (ids) => {
    const query = new URLSearchParams(location.search);
    query.delete("moved");
    if (ids) query.set("ids", [...ids].join(","));
    const answer = await fetch(`/board/rows?${query}`, { headers: { "X-Background": "1", "HX-Request": "true" } });
    if (!answer.ok || answer.headers.has("HX-Redirect")) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("board");
    if (fresh && !merge(board, fresh) && ids) refresh();
    showMinutes(board, ahead);
  };

  const run = async () => {
    if (busy) return (timer = setTimeout(run, TOGETHER_MS));
    const ids = wanted.isAll ? null : wanted.ids;
    [wanted, timer, busy] = [null, 0, true];
    await ask(ids).catch(() => {});
    busy = false;
  };

  // Several changes in a moment are one question.
  const refresh = (ids) => {
    wanted ??= { ids: new Set(), isAll: false };
    if (!ids) wanted.isAll = true;
    else for (const id of ids) wanted.ids.add(id);
    timer ||= setTimeout(run, TOGETHER_MS);
  };

  startMenu();
  startLive(refresh, (isLive) => {
    byId("live-mode").replaceChildren(icon(isLive ? "check-c" : "clock"), isLive ? "自動更新中・" : "10秒ごとに更新・");
  });
  document.addEventListener("visit-changed", ({ detail }) => refresh([detail.value]));
  for (const field of board.querySelectorAll("[data-submit]")) field.addEventListener("change", () => field.form.requestSubmit());
  setInterval(() => showMinutes(board, ahead), MINUTE_EVERY_MS);
  setInterval(() => {
    const said = byId("board-said");
    if (said.textContent !== said.dataset.line) said.textContent = said.dataset.line;
  }, SAY_EVERY_MS);
};
