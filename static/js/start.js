// A page works without scripts, so it is painted before any of them runs: nobody waits for them to see two hundred rows.
const whole = new Promise((done) => (document.readyState === "complete" ? done() : window.addEventListener("load", done, { once: true })));
// A tab in the background has no frames.
const painted = () => new Promise((done) => (requestAnimationFrame(() => setTimeout(done)), setTimeout(done, 200)));

await whole;
await painted();
const htmx = document.createElement("script");
htmx.src = new URL("../vendor/htmx.min.js", import.meta.url);
htmx.addEventListener("load", () => import("./app.js"));
document.head.append(htmx);
