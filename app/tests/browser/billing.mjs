// 会計 by keyboard and by mouse, counted against the budget: one bill without differences in 2 clicks or 3 keys; then the day is closed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, tabTo, type } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

const KEYS = 3;
let browser, clerk, admin;

before(async () => {
  browser = await launch();
  [clerk, admin] = await Promise.all([person(browser), person(browser)]);
});
after(() => browser.close());

/** Counts what the person does between here and `measured`. */
const counting = (page) => {
  let keys = 0;
  const pressed = page.keyboard.press.bind(page.keyboard);
  page.keyboard.press = (key, options) => ((keys += 1), pressed(key, options));
  return () => ((page.keyboard.press = pressed), keys);
};

test("the clerk signs in", async () => {
  await signIn(clerk.page, "clerk");
});

test("one bill without differences takes no more than three keys from the board", async (t) => {
  const { page } = clerk;
  await page.goto(`${base}/board`);
  await ready(page);
  const began = Date.now();
  const measured = counting(page);
  await press(page, "k", "**/encounters/*/billing");
  await inspect(page);
  assert.match(await page.locator(".bill-lines").innerText(), /見本再診料/);
  assert.match(await page.locator(".bill-total").innerText(), /お支払い[\s\S]*\d円/);
  await press(page, "Control+Enter", "**/billing?done=*");
  const keys = measured();
  t.diagnostic(`${keys} keys, ${Date.now() - began} ms with the checks between`);
  assert.ok(keys <= KEYS, `${keys} keys`);
  assert.match(await page.locator("#toast").innerText(), /会計を済ませました/);
  await inspect(page);
});

test("both papers open", async () => {
  const { page, context } = clerk;
  for (const path of await page.locator("#toast a[href$=pdf]").evaluateAll((links) => links.map((link) => link.href))) {
    const pdf = await (await context.request.get(path)).body();
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-", path);
  }
});

test("the day is closed: what is open asks why, the cash is counted, a difference asks too, and nothing typed is lost", async () => {
  const { page } = clerk;
  await page.goto(`${base}/day-close`);
  await ready(page);
  await inspect(page);
  for (const field of await page.locator("[name^=why_]").all()) await type(page, field, "明朝に確かめる");
  await type(page, page.getByLabel("釣銭準備金(円)"), "50000");
  await type(page, page.locator("[name=n_10000]"), "9");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await ready(page);
  assert.equal(await page.locator("[name=n_10000]").inputValue(), "9");
  await inspect(page);
  await type(page, page.locator("[name=why_cash]"), "両替のため");
  await press(page, "Control+Enter", "**/day-close?day=*");
  assert.match(await page.locator("main").innerText(), /に締めました[\s\S]*両替のため/);
  await inspect(page);
  await tabTo(page, page.getByRole("link", { name: "日計表を印刷" }));
  await press(page, "Enter", "**/day-close/print*");
  assert.match(await page.locator("main").innerText(), /日計表/);
});

test("the administrator opens the day again with a reason", async () => {
  const { page } = admin;
  await signIn(page, "admin");
  await page.goto(`${base}/day-close`);
  await ready(page);
  await type(page, page.getByLabel("開き直す理由"), "急患の会計");
  await press(page, "Enter", "**/day-close?day=*");
  assert.match(await page.locator("main").innerText(), /まだ締めていません/);
});

test("the counter left no complaint in any console", () => {
  assert.deepEqual([...clerk.complaints, ...admin.complaints], []);
});
