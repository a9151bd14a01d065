// How long a page takes from its last byte to being painted whole: the middle of seven loads with everything but the page cached.
// usage: node paint.mjs URL COOKIE; prints rows and milliseconds. Called by `make bench`.
import { chromium } from "playwright-core";

const [url, cookie] = process.argv.slice(2);
const [name, ...value] = cookie.split("=");
const browser = await chromium.launch({ executablePath: process.env.TSUMUGI_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
await context.addCookies([{ name, value: value.join("="), url }]);
await context.addInitScript(() => {
  // The frame after the document is complete has been handed to the screen when its next task runs.
  const painted = () => requestAnimationFrame(() => setTimeout(() => (globalThis.paintedAt = performance.now())));
  document.addEventListener("DOMContentLoaded", painted);
});
const page = await context.newPage();
const times = [];
let rows = 0;
for (let load = 0; load < 8; load += 1) {
  await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction(() => globalThis.paintedAt);
  const took = await page.evaluate(() => globalThis.paintedAt - performance.getEntriesByType("navigation")[0].responseEnd);
  rows = await page.locator("tr[id^=visit-]").count();
  if (load > 0) times.push(took);
}
await browser.close();
times.sort((a, b) => a - b);
console.log(`${rows} ${times[3].toFixed(1)}`);
