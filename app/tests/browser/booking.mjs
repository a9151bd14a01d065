// Bookings with hands on the keyboard: the next visit by `2w`, a booked patient received from the board, a day's book walked by arrows.
// Counted against workflows §8: 予約患者の受付 1 click or 2 keys; 次回予約 `2w` 2 clicks or 4 keys (letters typed do not count).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, tabTo } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

let browser, clerk, doctor;
before(async () => {
  browser = await launch();
  [clerk, doctor] = await Promise.all([person(browser), person(browser)]);
});
after(() => browser.close());

/** Counts what a hand does that is not typing letters. */
const counted = (page) => {
  const done = { keys: 0, clicks: 0 };
  return {
    done,
    key: async (name) => ((done.keys += 1), page.keyboard.press(name)),
    click: async (locator) => ((done.clicks += 1), locator.click()),
  };
};

test("both sign in", async () => {
  await signIn(clerk.page, "clerk");
  await signIn(doctor.page, "doctor");
});

test("a booked patient is received from the board by two keys, and by one click", async () => {
  const { page } = clerk;
  await page.goto(`${base}/board`);
  await ready(page);
  const rows = page.locator("tr[id^=booking-]");
  const expected = await rows.count();
  assert.ok(expected >= 2, `${expected} people are expected today`);
  const byKeys = counted(page);
  const first = await rows.first().locator(".name").innerText();
  await byKeys.key("y");
  await Promise.all([page.waitForEvent("load"), byKeys.key("Enter")]);
  await ready(page);
  assert.ok(byKeys.done.keys <= 2 && byKeys.done.clicks === 0, JSON.stringify(byKeys.done));
  assert.match(await page.locator("tr[id^=visit-]", { hasText: first }).innerText(), /受付済/);
  const byClick = counted(page);
  const second = await rows.first().locator(".name").innerText();
  await Promise.all([page.waitForEvent("load"), byClick.click(rows.first().getByRole("button", { name: /受付/ }))]);
  await ready(page);
  assert.deepEqual(byClick.done, { keys: 0, clicks: 1 });
  assert.match(await page.locator("tr[id^=visit-]", { hasText: second }).innerText(), /受付済/);
  assert.equal(await rows.count(), expected - 2);
  await inspect(page);
});

test("the doctor books two weeks ahead by `2w` and takes it back", async () => {
  const { page } = doctor;
  await page.goto(`${base}/patients`);
  await ready(page);
  await page.keyboard.insertText("000050");
  await page.locator("#results a[data-row]").first().waitFor();
  await page.keyboard.press("ArrowDown");
  await press(page, "Enter", /patients\/[0-9a-f-]{36}/);
  await press(page, "y", "**/appointments");
  await inspect(page);
  const before = await page.locator("#next-box li").count();
  const hand = counted(page);
  await hand.key("Alt+j");
  await page.keyboard.insertText("2w");
  await hand.key("Enter");
  const done = page.locator("#next-box [role=status]", { hasText: "の予約です" });
  await done.waitFor();
  assert.ok(hand.done.keys <= 4 && hand.done.clicks <= 2, JSON.stringify(hand.done));
  const wanted = new Date(Date.now() + 14 * 86_400_000).toLocaleDateString("ja-JP", { timeZone: "Asia/Tokyo", month: "numeric", day: "numeric" }).split("/");
  assert.match(await done.innerText(), new RegExp(`${wanted[0]}月${wanted[1]}日`));
  assert.equal(await page.locator("#next-box li").count(), before + 1);
  await page.locator("#next-box [role=status] button").click();
  await page.waitForFunction((count) => document.querySelectorAll("#next-box li").length === count, before);
  await hand.key("Alt+j");
  await page.keyboard.insertText("2x");
  await hand.key("Enter");
  await page.locator("#next-box .error", { hasText: "読めません" }).waitFor();
  assert.equal(await page.locator("#ahead").inputValue(), "2x");
});

test("on the chart the same box books beside the text, within four keys", async () => {
  const { page } = doctor;
  await page.goto(`${base}/board`);
  await ready(page);
  const open = page.locator('tr[id^=visit-]:has(.state:text-is("診察待ち")) a[data-row]').first();
  await tabTo(page, open, { most: 200 });
  await press(page, "Enter", "**/encounters/*");
  await page.locator("#pane-next input[name=ahead]").waitFor();
  await page.keyboard.press("Alt+1");
  await page.keyboard.insertText("次回まで様子をみる。");
  const hand = counted(page);
  await hand.key("Alt+j");
  await page.keyboard.insertText("3w");
  await hand.key("Enter");
  await page.locator("#pane-next [role=status]", { hasText: "の予約です" }).waitFor();
  assert.ok(hand.done.keys <= 4, JSON.stringify(hand.done));
  assert.match(await page.locator("#body-S").inputValue(), /次回まで様子をみる。/);
  assert.match(page.url(), /encounters/);
});

test("a free slot of the day's book is held, gets its patient, and the slip prints", async () => {
  const { page } = clerk;
  await page.goto(`${base}/appointments`);
  await ready(page);
  await inspect(page);
  await press(page, "]", "**/appointments?day=*");
  const free = page.locator("button[name=slot]").first();
  await tabTo(page, free, { most: 200 });
  const at = () => page.evaluate(() => [document.activeElement.closest("tr").rowIndex, document.activeElement.closest("td").cellIndex, document.activeElement.value]);
  const from = await at();
  await page.keyboard.press("ArrowDown");
  const below = await at();
  assert.ok(below[0] > from[0] && below[1] === from[1], `${from} → ${below}`);
  await page.keyboard.press("ArrowUp");
  assert.deepEqual(await at(), from);
  await press(page, "Enter", /appointments\/[0-9a-f-]{36}$/);
  assert.match(await page.locator("main").innerText(), /誰の予約ですか/);
  await inspect(page);
  await page.keyboard.insertText("000051");
  await page.locator("#candidates input[name=patient]").first().waitFor();
  await tabTo(page, page.locator("#purpose"));
  await page.keyboard.insertText("予防接種");
  await Promise.all([page.waitForURL("**/appointments/*?done=1"), page.keyboard.press("Control+Enter")]);
  await ready(page);
  assert.match(await page.locator("main").innerText(), /予防接種/);
  await inspect(page);
  await page.goto(`${page.url().split("?")[0]}/print`);
  assert.match(await page.locator("main").innerText(), /予約票/);
});

test("a closed day lists the people to call", async () => {
  const { page } = clerk;
  await page.goto(`${base}/schedules/closures`);
  await ready(page);
  await inspect(page);
  const day = new Date(Date.now() + 2 * 86_400_000).toLocaleDateString("sv-SE", { timeZone: "Asia/Tokyo" });
  await page.locator("#day").fill(day);
  await page.locator("#reason").fill("学会出席のため");
  await Promise.all([page.waitForURL(/closures\/[0-9a-f-]{36}/), page.keyboard.press("Control+Enter")]);
  await ready(page);
  await inspect(page);
  const told = page.locator("tbody .chip--ok");
  const call = page.getByRole("button", { name: /連絡した/ });
  if ((await call.count()) > 0) {
    const before = await told.count();
    await Promise.all([page.waitForEvent("load"), call.first().click()]);
    assert.equal(await told.count(), before + 1);
  }
  await page.getByRole("button", { name: "休診をやめる" }).click();
  await page.waitForURL("**/schedules/closures");
});

test("bookings left no complaint in any console", () => {
  assert.deepEqual([...clerk.complaints, ...doctor.complaints], []);
});
