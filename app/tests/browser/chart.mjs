// The chart under the doctor's hands, with presses counted against the budgets of workflows §8; IME keys do nothing (scenario 18).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

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

const open = async (url) => {
  await doctor.page.goto(url);
  await ready(doctor.page);
  await doctor.page.locator("#dx-q").waitFor();
};
const saved = (letter) => doctor.page.waitForFunction((l) => document.querySelector(`#sec-${l} .save`)?.textContent.includes("保存済"), letter, { timeout: 15_000 });
/** Presses keys one by one and says how many there were; typed text is not counted. */
const keys = async (...pressed) => {
  for (const key of pressed) await doctor.page.keyboard.press(key);
  return pressed.length;
};

test("a 病名 from the candidates takes at most three keys, and sets no flag by itself", async () => {
  const { page } = doctor;
  await open(visits[0]);
  await inspect(page);
  const names = page.locator("#pane-conditions .dx-name");
  const before = await names.count();
  const offered = (await page.locator("#dx-picks .pick-btn span").first().innerText()).trim();
  const count = await keys("Alt+b", "Enter");
  await page.waitForFunction((n) => document.querySelectorAll("#pane-conditions .dx-name").length === n + 1, before);
  assert.ok(count <= 3);
  const added = page.locator("#pane-conditions li", { hasText: offered }).first();
  assert.equal(await added.locator(".tag, .chip").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.id), "dx-q", "ready for the next name");
});

test("a typed name is found while typing, and Shift+Enter adds it as 疑い", async () => {
  const { page } = doctor;
  await ready(page); // the box was drawn anew after the last name
  await page.locator("#dx-q").focus();
  await page.keyboard.insertText("みほんゆ");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("みほんふみん");
  await page.locator("#dx-picks", { hasText: "見本不眠症" }).waitFor();
  await keys("Shift+Enter");
  await page.locator("#pane-conditions .dx-name", { hasText: "見本不眠症の疑い" }).waitFor();
});

test("keys of a word under conversion add no name", async () => {
  const { page, context } = doctor;
  const before = await page.locator("#pane-conditions .dx-name").count();
  await page.locator("#dx-q").focus();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Input.imeSetComposition", { text: "みほんいえん", selectionStart: 6, selectionEnd: 6 });
  for (const code of ["Enter", "ArrowDown", "KeyB"]) {
    await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", windowsVirtualKeyCode: 229, key: "Process", code });
    await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", windowsVirtualKeyCode: 229, key: "Process", code });
  }
  await page.waitForTimeout(600);
  assert.equal(await page.locator("#pane-conditions .dx-name").count(), before);
  await devtools.send("Input.imeSetComposition", { text: "", selectionStart: 0, selectionEnd: 0 });
});

test("「;ht」 and a space become the text kept under it", async () => {
  const { page } = doctor;
  await page.goto(`${base}/snippets`);
  await ready(page);
  await inspect(page);
  await page.locator("#short_name").fill("ht");
  await page.locator("#body").fill("家庭血圧は落ち着いている。");
  await Promise.all([page.waitForURL("**/snippets"), page.getByRole("button", { name: "足す", exact: true }).click()]);
  await open(visits[0]);
  await keys("Alt+1");
  await page.keyboard.type("頭痛なし。;ht ");
  assert.match(await page.locator("#body-S").inputValue(), /頭痛なし。家庭血圧は落ち着いている。/);
  await saved("S");
});

test("the whole visit before is repeated as a difference: one key to see it, one to take it", async () => {
  const { page } = doctor;
  await press(page, "Alt+Shift+R", "**/repeat");
  await inspect(page);
  assert.match(await page.locator("#body-S").inputValue(), /家庭血圧は落ち着いている/, "today's words stay");
  const plan = await page.locator("#body-P").inputValue();
  assert.ok(plan.length > 0);
  await press(page, "Control+Enter", (url) => url.href === visits[0]);
  assert.equal(await page.locator("#body-P").inputValue(), plan);
});

test("the next patient is one key away, with every word saved first", async () => {
  const { page } = doctor;
  await page.locator("#dx-q").waitFor();
  await keys("Alt+1", "Control+End");
  await page.keyboard.insertText("次へ行く前の文。");
  await press(page, "Alt+n", (url) => url.pathname.startsWith("/encounters/") && url.href !== visits[0]);
  await open(visits[0]);
  assert.match(await page.locator("#body-S").inputValue(), /次へ行く前の文。$/);
});

test("a second window reads only and follows the patient of the first", async () => {
  const { page, context } = doctor;
  const [window] = await Promise.all([context.waitForEvent("page"), page.keyboard.press("Alt+5")]);
  await ready(window);
  assert.equal(await window.locator("textarea").count(), 0);
  await inspect(window);
  const first = await window.locator("body").getAttribute("data-follow");
  await page.bringToFront();
  await open(visits[1]);
  await window.waitForFunction((id) => document.body?.dataset.follow && document.body.dataset.follow !== id, first);
  await window.close();
});

test("back after 確定 shows the signed note and offers no second 確定", async () => {
  const { page } = doctor;
  await open(visits[0]);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.goBack();
  await ready(page);
  if (page.url() === visits[0]) assert.equal(await page.locator("textarea[id^=body-]").count(), 0);
  await page.goto(visits[0]);
  assert.match(await page.locator(".since").innerText(), /確定/);
});

test("nothing of this was complained about in the console", () => {
  assert.deepEqual(doctor.complaints, []);
});
