// 処方 and 検査 on the chart by keyboard, counted against the budgets of workflows §8: Do in 3 keys, one drug in 6, 日数合わせ in 1,
// a set of examinations in 3, ten results in 11. Keys that write text are not counted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { ready, tabTo } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

let browser, doctor, patient, visit;

before(async () => {
  browser = await launch();
  doctor = await person(browser);
  await signIn(doctor.page, "doctor");
});
after(() => browser.close());

/** Counts the keys of one task and fails beyond its budget. */
const counting = (page, budget) => {
  let keys = 0;
  return {
    press: async (key) => {
      keys += 1;
      await page.keyboard.press(key);
    },
    type: (text) => page.keyboard.insertText(text),
    end: (task) => assert.ok(keys <= budget, `${task}: ${keys} keys, ${budget} allowed`),
  };
};
const pane = (page) => page.locator("#prescription");
const drawn = (page) => page.locator("#prescription #q").waitFor();
const settled = (page, act) => Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), act()]).then(() => page.waitForTimeout(150));

/** An open note of today's list whose prescription box has what is wanted. */
const openVisit = async (page, wanted) => {
  await page.goto(`${base}/board`);
  await ready(page);
  const links = await page.locator("a[data-row]").evaluateAll((all) => all.map((a) => a.getAttribute("href")).filter((href) => href.startsWith("/encounters/")));
  for (const href of links) {
    await page.goto(base + href);
    await ready(page);
    if (!(await page.locator("#body-S").count())) continue;
    await drawn(page);
    if (wanted.test(await pane(page).innerText())) return href;
  }
  throw new Error(`nobody on today's list has ${wanted}`);
};

test("one drug is added with three letters, a shorthand and days", async () => {
  const { page } = doctor;
  visit = await openVisit(page, /Do\s*Alt\+R/);
  patient = await page.evaluate(() => document.body.dataset.patientToken);
  const keys = counting(page, 6);
  await keys.press("Alt+p");
  await keys.type("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await settled(page, () => keys.press("Enter"));
  keys.end("処方1剤追加");
  assert.match(await pane(page).innerText(), /見本ミュー顆粒[\s\S]*1日3回毎食後/);
  assert.match(await page.locator("#toast").innerText(), /見本ミュー顆粒を足しました/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "q", "the next drug can be typed at once");
  await inspect(page);
});

test("arrow keys choose another candidate while the text box keeps the focus, and a conversion is left alone", async () => {
  const { page } = doctor;
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほん");
  await page.locator("#drug-options input").nth(2).waitFor();
  const chosen = () => page.locator("#drug-options input:checked").inputValue();
  const first = await chosen();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await chosen(), first);
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  const second = await chosen();
  await page.evaluate(() => document.querySelector("#q").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, isComposing: true })));
  assert.equal(await chosen(), second);
  await page.locator("#q").fill("");
});

test("wrong days are said beside the line and right ones are kept; undo brings the old ones back", async () => {
  const { page } = doctor;
  const days = page.locator("#prescription .rx-row input.qty").first();
  await days.fill("91");
  await settled(page, () => days.press("Enter"));
  assert.match(await pane(page).innerText(), /日数は1日から90日までです/);
  await page.locator("#prescription .rx-row input.qty").first().fill("7");
  await settled(page, () => page.locator("#prescription .rx-row input.qty").first().press("Enter"));
  assert.equal(await page.locator("#prescription .rx-row input.qty").first().inputValue(), "7");
  await tabTo(page, page.getByRole("button", { name: "元に戻す" }));
  await settled(page, () => page.keyboard.press("Enter"));
  assert.equal(await page.locator("#prescription .rx-row input.qty").first().inputValue(), "5");
});

test("the box widens and narrows without losing what is typed", async () => {
  const { page } = doctor;
  await page.locator("#q").fill("みほ");
  await page.keyboard.press("Alt+0");
  assert.ok((await pane(page).boundingBox()).width > 800);
  assert.equal(await page.locator("#q").inputValue(), "みほ");
  await inspect(page);
  await page.keyboard.press("Alt+0");
  await page.locator("#q").fill("");
});

test("a set of examinations is ordered with three keys", async () => {
  const { page } = doctor;
  await page.locator("#orders #order_q").waitFor();
  const keys = counting(page, 3);
  await keys.press("Alt+k");
  await page.waitForFunction(() => document.activeElement?.name === "set");
  await settled(page, () => keys.press("Enter"));
  keys.end("検査セット発行");
  const ordered = await page.locator("#orders").innerText();
  assert.match(ordered, /見本HbA1c/);
  assert.match(ordered, /見本腎機能検査/);
  await inspect(page);
});

test("Do brings the last prescription in three keys, to the signed note", async () => {
  const { page } = doctor;
  const removes = page.locator("#prescription .rx-row button", { hasText: "外す" });
  while (await removes.count()) await settled(page, () => removes.first().click());
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("変わりない。");
  await page.waitForFunction(() => document.querySelector("#sec-S .save")?.textContent.includes("保存済"), null, { timeout: 15_000 });
  const keys = counting(page, 3);
  await keys.press("Alt+r");
  await page.waitForFunction(() => document.activeElement?.name === "from");
  await settled(page, () => keys.press("Enter"));
  assert.ok((await page.locator("#prescription .rx-row input.qty").count()) > 0, "the lines are there before 確定");
  await page.waitForTimeout(400);
  const asked = page.locator("#warnings .alert[data-level=reason]:not([data-done]) button[name=reason]");
  while (await asked.count()) await settled(page, () => asked.first().click()); // what the rules ask is not part of the budget
  await Promise.all([page.waitForEvent("load"), keys.press("Control+Enter")]);
  keys.end("Do処方");
  await page.goto(base + visit);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/);
  assert.match(await pane(page).innerText(), /署名済/);
  assert.match(await page.locator("#orders").innerText(), /発行/);
});

test("all days follow the next booking with one key", async () => {
  const { page } = doctor;
  await openVisit(page, /薬を足す/);
  await page.locator("#pane-next input[name=ahead]").waitFor();
  await page.keyboard.press("Alt+j");
  await page.keyboard.insertText("2w");
  await page.keyboard.press("Enter");
  await page.locator("#pane-next [role=status]", { hasText: "の予約です" }).waitFor();
  await page.reload();
  await ready(page);
  await drawn(page);
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await settled(page, () => page.keyboard.press("Enter"));
  await page.locator("#prescription-h").focus();
  const keys = counting(page, 1);
  await settled(page, () => keys.press("Alt+g"));
  keys.end("日数を次回予約に合わせる");
  assert.match(await pane(page).innerText(), /予約に一致/);
});

test("ten normal results are confirmed with ten Enters", async () => {
  const { page } = doctor;
  await page.goto(`${base}/results`);
  await ready(page);
  const before = await page.locator("tr[id^=result-]").count();
  assert.ok(before >= 10, `the demo has only ${before} unread results`);
  const keys = counting(page, 11);
  for (let n = 0; n < 10; n += 1) {
    await page.waitForFunction(() => document.activeElement?.closest("tr[id^=result-]"));
    await settled(page, () => keys.press("Enter"));
  }
  keys.end("結果10件確認");
  assert.equal(await page.locator("tr[id^=result-]").count(), before - 10);
  await inspect(page);
});

test("allergies are asked, stated and shown in the stripe", async () => {
  const { page } = doctor;
  await page.goto(`${base}/patients/${patient}/allergies`);
  await ready(page);
  await page.locator("input[name=category][value=food]").check();
  await page.locator("#substance").fill("そば");
  await page.locator("#substances input[value=J9FA19140000]").check();
  await page.locator("#severity").selectOption("severe");
  await inspect(page);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  assert.match(await page.locator(".stripe").innerText(), /そば\(重症\)/);
});

test("none of it left a complaint in the console", () => assert.deepEqual(doctor.complaints, []));
