// Text outlives what happens to a browser (R1), a converting key belongs to the converter (R7), and a locked screen keeps the draft.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { press, ready, tabTo, type } from "./lib/keyboard.mjs";
import { PASSWORD, base, launch, person, signIn } from "./lib/product.mjs";

let browser, doctor, visits;

before(async () => {
  browser = await launch();
  doctor = await person(browser);
  await signIn(doctor.page, "doctor");
  await doctor.page.goto(`${base}/board`);
  const waiting = doctor.page.locator('tr[id^=visit-]:has(.state:text-is("診察待ち"))');
  visits = await waiting.locator("a.name").evaluateAll((links) => links.map((link) => link.href));
  assert.ok(visits.length >= 2, "the demo has visits that wait");
});
after(() => browser.close());

const body = (page, letter = "S") => page.locator(`#body-${letter}`);
const saved = (page) => page.waitForFunction(() => document.querySelector("#sec-S .save")?.textContent.includes("保存済"), null, { timeout: 20_000 });
const open = async (page, url) => {
  await page.goto(url);
  await ready(page);
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Control+End");
};

test("a reload in the middle of a sentence brings the text back and saves it", async () => {
  const { page } = doctor;
  page.on("dialog", (dialog) => dialog.accept());
  await open(page, visits[0]);
  await page.keyboard.insertText("書きかけの文𠮷。");
  await page.reload();
  await ready(page);
  assert.match(await body(page).inputValue(), /書きかけの文𠮷。/);
  await saved(page);
  await page.reload();
  assert.match(await body(page).inputValue(), /書きかけの文𠮷。/);
});

test("a window killed while the network is gone loses nothing", async () => {
  const { page, context } = doctor;
  await open(page, visits[0]);
  await context.setOffline(true);
  await page.keyboard.insertText("回線が切れたあとの文。");
  await page.waitForFunction(() => document.querySelector("#sec-S .save")?.dataset.save === "unsent");
  await page.close({ runBeforeUnload: false });
  await context.setOffline(false);
  doctor.page = await context.newPage();
  doctor.page.on("dialog", (dialog) => dialog.accept());
  await doctor.page.goto(visits[0]);
  await ready(doctor.page);
  assert.match(await body(doctor.page).inputValue(), /回線が切れたあとの文。/);
  await saved(doctor.page);
});

test("scenario_18: keys pressed while a word is being converted do nothing but convert", async () => {
  const { page, context } = doctor;
  await open(page, visits[1]);
  const posted = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(new URL(request.url()).pathname));
  const devtools = await context.newCDPSession(page);
  await devtools.send("Input.imeSetComposition", { text: "こうけつあつ", selectionStart: 6, selectionEnd: 6 });
  for (const key of ["Control+Enter", "Alt+2", "Control+k"]) await page.keyboard.press(key);
  for (const code of ["Enter", "KeyU", "Slash"]) {
    await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", windowsVirtualKeyCode: 229, key: "Process", code });
    await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", windowsVirtualKeyCode: 229, key: "Process", code });
  }
  assert.equal(await page.evaluate(() => document.activeElement.id), "body-S");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.equal(page.url(), visits[1]);
  assert.deepEqual(posted.filter((path) => path.endsWith("/finalization")), []);
  await devtools.send("Input.insertText", { text: "高血圧" });
  await saved(page);
  assert.match(await body(page).inputValue(), /高血圧$/);
});

test("an idle screen locks, hides the chart and gives the last words back after the password", async () => {
  const { page } = doctor;
  await page.clock.install();
  await open(page, visits[1]);
  const idle = Number(await page.locator("body").getAttribute("data-idle-lock"));
  assert.ok(idle > 0);
  await page.keyboard.insertText("席を離れる前の文。");
  await page.clock.fastForward((idle + 2) * 1000);
  await page.waitForURL("**/session/locked**");
  assert.doesNotMatch(await page.locator("body").innerText(), /席を離れる前の文/);
  await page.goto(visits[1]);
  assert.match(page.url(), /session\/locked/, "a locked session opens no other page");
  await type(page, page.getByLabel("パスワード"), PASSWORD);
  await tabTo(page, page.getByRole("button", { name: "開く", exact: true }));
  await press(page, "Enter", visits[1]);
  assert.match(await body(page).inputValue(), /席を離れる前の文。/);
  await saved(page);
});

test("nothing of this was complained about in the console", () => {
  assert.deepEqual(doctor.complaints.filter((line) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(line)), []);
});
