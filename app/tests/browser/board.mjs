// 受付ボード by keyboard: reception of a walk-in within its budget, and what another person's act changes on an open page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

const NUMBER = "000040";
let browser, clerk, nurse;

before(async () => {
  browser = await launch();
  [clerk, nurse] = await Promise.all([person(browser), person(browser)]);
});
after(() => browser.close());

const row = (page) => page.locator("tr[id^=visit-]", { hasText: NUMBER });
const focused = (page) => page.evaluate(() => document.activeElement.id);
const stands = (page, words) => row(page).filter({ hasText: words }).waitFor({ timeout: 5_000 });
const toBoard = async (page, query = "?state=all") => {
  await page.goto(`${base}/board${query}`);
  await ready(page).catch(() => {});
  await page.locator("#live-mode", { hasText: "自動更新中" }).waitFor();
};
// Down from the top until the row of our patient has the focus.
const downTo = async (page) => {
  const id = (await row(page).getAttribute("id")).replace("visit-", "name-");
  await page.evaluate(() => document.activeElement.blur());
  for (let n = 0; n < 60 && (await focused(page)) !== id; n += 1) await page.keyboard.press("ArrowDown");
  assert.equal(await focused(page), id);
};
// `ready` waits for a quiet network, which a live page never has.
const settled = (page) => page.waitForFunction(() => document.documentElement.dataset.script === "on");
const searching = (page) => page.waitForFunction(() => document.activeElement.id === "q");

test("both sign in, each on the list of their own", async () => {
  await signIn(clerk.page, "clerk");
  await signIn(nurse.page, "nurse");
  for (const [who, list] of [[clerk, "受付・会計"], [nurse, "問診・検査"]]) {
    await who.page.goto(`${base}/board`);
    await settled(who.page);
    assert.match(await who.page.locator(".tally[aria-current]").innerText(), new RegExp(list));
  }
  await inspect(clerk.page);
});

test("a walk-in who was here before is received with four keys (§8)", async (t) => {
  const { page } = clerk;
  let keys = 0;
  const key = async (name, url) => {
    keys += 1;
    if (!url) return page.keyboard.press(name);
    await Promise.all([page.waitForURL(url), page.keyboard.press(name)]);
    await settled(page);
  };
  const began = Date.now();
  await key("n", "**/patients?for=reception");
  await searching(page);
  await page.keyboard.insertText(NUMBER);
  await page.locator("#results tr", { hasText: NUMBER }).waitFor();
  await key("ArrowDown");
  await key("Enter", /reception/);
  assert.ok(await page.locator("[name=visit_kind][value=revisit]").isChecked(), "somebody seen before is a 再診");
  await inspect(page);
  await key("Control+Enter", "**/board**");
  const seconds = (Date.now() - began) / 1000;
  await row(page).waitFor();
  assert.ok(keys <= 4, `${keys} keys`);
  t.diagnostic(`${keys} keys, ${seconds.toFixed(1)} s with the inspection of the form`);
});

test("a key pressed while composing does nothing (R7, scenario 18)", async () => {
  const { page } = nurse;
  await downTo(page);
  for (const init of [{ isComposing: true }, { keyCode: 229 }])
    await page.evaluate((composing) => {
      for (const key of ["m", "c", "u", "ArrowDown", "n"]) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...composing }));
    }, init);
  await page.waitForTimeout(300);
  assert.equal(await page.locator("#moves:popover-open").count(), 0);
  assert.match(page.url(), /board/);
});

test("another person's move arrives without reloading, leaves the focus and an open menu alone", async (t) => {
  await toBoard(clerk.page);
  await downTo(clerk.page);
  const at = await focused(clerk.page);
  await clerk.page.evaluate(() => (globalThis.untouched = true));
  await clerk.page.keyboard.press("m");
  await clerk.page.locator("#moves:popover-open button").first().waitFor();
  const inMenu = await clerk.page.evaluate(() => document.activeElement.textContent);
  await downTo(nurse.page);
  await nurse.page.keyboard.press("m");
  await nurse.page.locator("#moves:popover-open").waitFor();
  const began = Date.now();
  await nurse.page.keyboard.press("Enter");
  await stands(clerk.page, "問診・計測中");
  t.diagnostic(`seen by the other after ${Date.now() - began} ms`);
  assert.equal(await clerk.page.evaluate(() => document.activeElement.textContent), inMenu, "the open menu keeps the focus");
  await clerk.page.keyboard.press("Escape");
  assert.equal(await focused(clerk.page), at);
  assert.equal(await clerk.page.evaluate(() => globalThis.untouched), true, "the page was not loaded again");
});

test("a menu that became stale says so and changes nothing", async () => {
  const { page } = clerk;
  await toBoard(page);
  await downTo(page);
  await page.keyboard.press("m");
  await page.locator("#moves:popover-open button").first().waitFor();
  await toBoard(nurse.page);
  await downTo(nurse.page);
  await nurse.page.keyboard.press("m");
  await nurse.page.locator("#moves:popover-open").waitFor();
  await nurse.page.keyboard.press("Enter");
  await stands(page, "診察待ち");
  await page.keyboard.press("Enter");
  await page.locator("#page-notice", { hasText: "ほかの人が先に保存しました" }).waitFor();
  await stands(page, "診察待ち");
});

test("nothing was complained about", () => {
  const unexpected = [...clerk.complaints, ...nurse.complaints].filter((line) => !/ERR_FAILED/.test(line));
  assert.deepEqual(unexpected, []);
});
