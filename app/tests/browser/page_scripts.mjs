// The page scripts against a server that misbehaves on purpose: R1 autosave, R7 keys, R4 undo, idle lock, sign-out.
// Uses the gallery page the unit tests draw: `cargo test -p tsumugi --lib web::samples`, then `node --test app/tests/browser/page_scripts.mjs`.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, test } from "node:test";
import { launch } from "./lib/product.mjs";

const root = path.resolve(import.meta.dirname, "../../..");
const types = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";
const S = "/notes/1/sections/S";

let served = { text: "S の文。", version: 3 };
let acts = [];
let answer = null;

const html = (lock) => {
  let page = fs.readFileSync(path.join(root, "target/samples/gallery.html"), "utf8");
  page = page.replace(/(<form class="sec"[^>]*sections\/S"[\s\S]*?name="version" value=")\d+("[\s\S]*?<textarea[^>]*>\n)[^<]*/, (_, a, b) => `${a}${served.version}${b}${served.text}`);
  return page.replaceAll('"static/', '"/static/').replace(/data-idle-lock="\d+"/, `data-idle-lock="${lock}"`);
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const send = (status, body, type = "application/json") => response.writeHead(status, { "content-type": type, "content-security-policy": CSP }).end(body);
  if (request.method === "GET" && url.pathname === "/page") return send(200, html(url.searchParams.get("lock") ?? 600), types.html);
  if (request.method === "GET") {
    const file = path.join(root, url.pathname);
    return url.pathname.startsWith("/static/") && fs.existsSync(file) ? send(200, fs.readFileSync(file), types[file.split(".").pop()] ?? "text/plain") : send(200, `<title>${url.pathname}</title>`, types.html);
  }
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const form = Object.fromEntries(new URLSearchParams(body));
    acts.push({ path: url.pathname, ...form });
    const special = answer?.(url.pathname, form);
    if (special === "cut") return request.socket.destroy();
    if (special) return send(special.status, JSON.stringify(special.body ?? {}));
    if (!url.pathname.includes("/sections/")) return send(200, `<title>${url.pathname}</title>`, types.html);
    if (url.pathname === S) served = { text: form.body, version: Number(form.version) + 1 };
    send(200, JSON.stringify({ version: Number(form.version) + 1, saved_at: "10:42:07" }));
  });
});
await new Promise((done) => server.listen(0, "localhost", done));
const base = `http://localhost:${server.address().port}`;
const browser = await launch();

const journey = (name, play) =>
  test(name, async () => {
    [served, acts, answer] = [{ text: "S の文。", version: 3 }, [], null];
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => /Content Security Policy/.test(message.text()) && problems.push(message.text()));
    await page.goto(`${base}/page`);
    await page.waitForFunction(() => document.documentElement.dataset.script);
    await page.waitForLoadState("networkidle");
    await play(page);
    assert.deepEqual(problems, []);
    await context.close();
  });
const saves = () => acts.filter((act) => act.path === S);
const text = (page) => page.locator(`form[action="${S}"] textarea`);
const state = (page) => page.locator(`form[action="${S}"] .save`);
const says = async (page, wanted) => {
  await page.waitForFunction(([action, part]) => document.querySelector(`form[action="${action}"] .save`)?.textContent.includes(part), [S, wanted], { timeout: 8000 });
};

journey("a pause saves once, with version, token and key, and the next save follows on", async (page) => {
  await text(page).fill("熱は下がった。");
  await says(page, "10:42:07 保存済");
  assert.equal(saves().length, 1);
  assert.deepEqual([saves()[0].body, saves()[0].version], ["熱は下がった。", "3"]);
  assert.match(saves()[0].idempotency_key, /^[0-9a-f]{8}-/);
  assert.ok(saves()[0].patient_token);
  await text(page).fill("熱は下がった。食欲あり。");
  await page.waitForTimeout(100);
  await says(page, "10:42:07 保存済");
  assert.equal(saves()[1].version, "4");
  assert.equal(await page.locator('[name="version_S"]').inputValue(), "5");
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tsumugi.draft")).length), 0);
});

journey("a lost reply is repeated with the same text and key, later words go separately", async (page) => {
  answer = (where) => (where === S ? "cut" : null);
  await text(page).fill("一回目");
  await says(page, "未送信");
  answer = null;
  await text(page).fill("一回目と続き");
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await says(page, "10:42:07 保存済");
  const [first, again, last] = [saves()[0], saves().at(-2), saves().at(-1)];
  assert.deepEqual([again.body, again.idempotency_key, again.version], [first.body, first.idempotency_key, first.version]);
  assert.deepEqual([last.body, last.version], ["一回目と続き", "4"]);
});

journey("a reload brings unsent text back and sends it", async (page) => {
  answer = () => ({ status: 503 });
  await text(page).fill("送れない文𠮷");
  await says(page, "未送信");
  assert.match(await page.locator("[data-save-page]").textContent(), /未送信\(1\)/);
  answer = null;
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto(`${base}/page`);
  await page.waitForFunction(([form, wanted]) => document.querySelector(`form[action="${form}"] textarea`).value === wanted, [S, "送れない文𠮷"]);
  await says(page, "保存済");
  assert.equal(served.text, "送れない文𠮷");
});

journey("when the server moved on, unsent text is offered and nothing is overwritten", async (page) => {
  answer = () => ({ status: 503 });
  await text(page).fill("古い版への文");
  await says(page, "未送信");
  answer = null;
  served = { text: "ほかの人の文", version: 9 };
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto(`${base}/page`);
  assert.equal(await text(page).inputValue(), "ほかの人の文");
  await page.getByText("この文を入れる").click();
  await says(page, "保存済");
  assert.equal(served.text, "ほかの人の文\n古い版への文");
});

journey("a conflict stops sending and links to the comparison; the text stays on this device", async (page) => {
  answer = (where) => (where === S ? { status: 409, body: { conflict_url: "/notes/1/conflicts/7", current_version: 4 } } : null);
  await text(page).fill("自分の文");
  await says(page, "競合・見比べる");
  assert.equal(await state(page).getAttribute("href"), "/notes/1/conflicts/7");
  await text(page).fill("自分の文、続き");
  await page.waitForTimeout(2000);
  assert.equal(saves().length, 1);
  assert.match(await page.evaluate(() => JSON.stringify(localStorage)), /自分の文、続き/);
});

journey("a refusal says why and tries again only with other words; 401 points to the sign-in", async (page) => {
  answer = (where) => (where === S ? { status: 422, body: { message: "長すぎます" } } : null);
  await text(page).fill("長い文");
  await says(page, "長すぎます");
  answer = (where) => (where === S ? { status: 401 } : null);
  await text(page).fill("短い文");
  await says(page, "サインインが切れました");
  assert.match(await state(page).getAttribute("href"), /^\/login\?next=/);
});

journey("signing waits for the sections, and does not happen while one cannot be saved", async (page) => {
  answer = (where) => (where === S ? { status: 503 } : null);
  await text(page).fill("確定前の文");
  await page.keyboard.press("Control+Enter");
  await says(page, "未送信");
  assert.ok(!acts.some((act) => act.path.endsWith("/signature")));
  answer = null;
  await page.locator("[data-after-save] button").click();
  await page.waitForURL("**/signature");
  const signature = acts.find((act) => act.path.endsWith("/signature"));
  assert.equal(signature.version_S, "4");
});

journey("sign-out names unsent text first, and clears it at the second press", async (page) => {
  answer = (where) => (where === S ? { status: 503 } : null);
  await text(page).fill("残る文");
  await says(page, "未送信");
  await page.getByText("サインアウト", { exact: true }).click();
  await page.getByText("送れていない文が 1件").waitFor();
  await page.getByText("サインアウト", { exact: true }).click();
  await page.waitForURL("**/logout");
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("tsumugi.draft")).length), 0);
});

journey("keys: sheet, palette, undo; letters are text inside a field; a converting key is nobody's", async (page) => {
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "この画面のキー" }).getByText("確定して会計へ").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "画面や操作の名前" }).fill("本日");
  assert.deepEqual(await page.getByRole("listbox").getByRole("option").allTextContents(), ["本日の受付Alt+L"]);
  await page.keyboard.press("Escape");
  await text(page).focus();
  await page.keyboard.press("u");
  assert.ok(!acts.some((act) => act.path === "/undo/1"));
  await page.evaluate(() => document.querySelector("#main").dispatchEvent(new KeyboardEvent("keydown", { key: "Process", code: "KeyU", keyCode: 229, bubbles: true })));
  assert.ok(!acts.some((act) => act.path === "/undo/1"));
  await page.locator("#main").focus();
  await page.keyboard.press("u");
  await page.waitForTimeout(300);
  assert.ok(acts.some((act) => act.path === "/undo/1" && act.version === "2"));
});

journey("words written before the scripts run are saved like all others", async (page) => {
  await page.route("**/app.js", async (route) => {
    await new Promise((done) => setTimeout(done, 1200));
    await route.continue();
  });
  await page.goto(`${base}/page`, { waitUntil: "commit" });
  await text(page).fill("早すぎた文");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.script), undefined, "written first");
  for (let tries = 0; tries < 40 && served.text !== "早すぎた文"; tries += 1) await page.waitForTimeout(200);
  assert.equal(served.text, "早すぎた文");
});

journey("an idle screen hides its text, saves first and asks the server to lock", async (page) => {
  await page.goto(`${base}/page?lock=2`);
  await text(page).fill("席を離れる前の文");
  await page.waitForURL("**/session/locked?next=*", { timeout: 8000 });
  assert.equal(served.text, "席を離れる前の文");
  assert.ok(acts.some((act) => act.path === "/session/lock"));
});

after(async () => {
  await browser.close();
  server.close();
});
