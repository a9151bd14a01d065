// 画像・文書: files chosen, dropped or pasted go up one by one with their progress shown; while one is being scanned the page listens
// and shows it by itself. The viewer leafs and zooms.
import { element, icon, isComposing, isTyping, uuid } from "./dom.js";
import { startLive } from "./live.js";

const BYTES_MAX = 20 * 1024 * 1024;

// XMLHttpRequest, because fetch tells nothing about how far an upload is.
const send = (form, file, showed) =>
  new Promise((done) => {
    const body = new FormData(form);
    body.delete("file");
    body.set("idempotency_key", uuid());
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && showed(event.loaded / event.total));
    request.addEventListener("loadend", () => {
      if (request.status === 201) return done("");
      let says = "";
      try {
        says = JSON.parse(request.responseText).title ?? "";
      } catch {
        // Not from us: the line below says what to do.
      }
      done(says || "送れませんでした。つながりを確かめて、もう一度選んでください。");
    });
    request.send(body);
  });

const refresh = (place) => {
  if (place.dataset.attachments !== "page") return globalThis.htmx?.trigger(document.body, "refresh-attachments");
  // A page of its own is drawn anew, but never under somebody who is writing or reading a refusal.
  if (!isTyping(document.activeElement) && !place.querySelector("[data-progress] .error")) location.reload();
};

const sendAll = async (form, place, files) => {
  const list = form.querySelector("[data-progress]");
  let kept = 0;
  for (const file of files) {
    const bar = element("progress", { max: "1", value: "0", "aria-label": file.name || "貼り付けた画像" });
    const line = element("li", { class: "row" }, element("span", { class: "clip" }, file.name || "貼り付けた画像"), bar);
    list.append(line);
    // Known before it is sent: 20 MB more over a slow line help nobody.
    const says = file.size > BYTES_MAX ? "20 MB を超えています。写真は小さくして、PDF は分けてから、もう一度選んでください。" : await send(form, file, (part) => (bar.value = part));
    bar.remove();
    if (says) line.append(element("span", { class: "error" }, icon("x-c"), says));
    else {
      kept += 1;
      line.append(element("span", { class: "muted" }, "送りました。検査しています"));
    }
  }
  form.querySelector("[type=file]").value = "";
  if (kept) refresh(place);
};

const startUpload = (place, form) => {
  const field = form.querySelector("[type=file]");
  field.addEventListener("change", () => sendAll(form, place, [...field.files]));
  form.addEventListener("submit", (event) => (event.preventDefault(), event.stopImmediatePropagation()), true);
  const drop = (event) => event.dataTransfer?.types.includes("Files");
  for (const name of ["dragenter", "dragover"]) place.addEventListener(name, (event) => drop(event) && (event.preventDefault(), place.setAttribute("data-over", "yes")));
  place.addEventListener("dragleave", (event) => !place.contains(event.relatedTarget) && place.removeAttribute("data-over"));
  place.addEventListener("drop", (event) => {
    if (!drop(event)) return;
    event.preventDefault();
    place.removeAttribute("data-over");
    sendAll(form, place, [...event.dataTransfer.files]);
  });
};

// One listener for the page, whichever box is drawn now.
const paste = (event) => {
  const place = document.querySelector("[data-attachments]");
  const form = place?.querySelector("form[data-upload]");
  const files = [...(event.clipboardData?.files ?? [])];
  if (!form || !files.length) return;
  event.preventDefault();
  sendAll(form, place, files);
};

let listening = false;
const listen = () => {
  if (listening) return;
  listening = true;
  startLive(() => {
    const waiting = [...document.querySelectorAll("[data-waiting]")].find((place) => Number(place.dataset.waiting) > 0);
    if (!waiting) return;
    if (waiting.matches("[data-viewer]")) return !isTyping(document.activeElement) && location.reload();
    refresh(waiting);
  }, () => {});
};

const startViewer = (main) => {
  document.addEventListener("keydown", (event) => {
    const leaf = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
    const isFree = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !isTyping(event.target) && !isComposing(event);
    if (leaf && isFree && !main.querySelector(".viewer-frame[data-large]")) main.querySelector(`[data-leaf=${leaf}]`)?.click();
  });
  const picture = main.querySelector("[data-zoomed]");
  if (!picture) return;
  const now = main.querySelector("[data-zoom-now]");
  let percent = 0;
  const zoom = (to) => {
    percent = to && Math.min(800, Math.max(10, to));
    picture.style.maxWidth = percent ? "none" : "";
    picture.style.maxHeight = percent ? "none" : "";
    picture.style.width = percent ? `${(picture.naturalWidth * percent) / 100}px` : "";
    // Larger than its frame, the arrows move the picture and do not leaf.
    picture.parentElement.toggleAttribute("data-large", percent > 0);
    now.textContent = percent ? `${Math.round(percent)}%` : "全体";
  };
  const shown = () => (picture.clientWidth / picture.naturalWidth) * 100;
  const steps = { in: () => zoom((percent || shown()) * 1.5), out: () => zoom((percent || shown()) / 1.5), fit: () => zoom(0) };
  for (const button of main.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => steps[button.dataset.zoom]());
};

export const startAttachments = (root) => {
  const places = [...root.querySelectorAll("[data-attachments]")];
  if (root instanceof Element && root.matches("[data-attachments]")) places.push(root);
  for (const place of places) {
    const form = place.querySelector("form[data-upload]");
    if (!form || place.dataset.ready) continue;
    place.dataset.ready = "yes";
    startUpload(place, form);
  }
  if (places.length) document.addEventListener("paste", paste);
  const viewer = root.querySelector("[data-viewer]");
  if (viewer) startViewer(viewer);
  if ([...document.querySelectorAll("[data-waiting]")].some((place) => Number(place.dataset.waiting) > 0)) listen();
};
