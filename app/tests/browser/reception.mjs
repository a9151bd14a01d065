// The desk by keyboard: a new person with a card typed by hand, old beside new with one key, a 付箋 with two, a number by telephone, and
// the line as the patient's phone shows it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, quiet, ready, tabTo, type } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

const NAME = `受付 花子${Date.now() % 1000}`;
let browser, clerk, patient;

before(async () => {
  browser = await launch();
  clerk = await person(browser);
  await signIn(clerk.page, "clerk");
});
after(() => browser.close());

/** Counts the keys that write no text. */
const counting = (page) => {
  let keys = 0;
  const pressed = page.keyboard.press.bind(page.keyboard);
  page.keyboard.press = (key, options) => ((keys += 1), pressed(key, options));
  return () => ((page.keyboard.press = pressed), keys);
};

test("a new person is registered, and the card typed by hand is written at once", async (t) => {
  const { page } = clerk;
  await page.goto(`${base}/patients/new`);
  await ready(page);
  await type(page, page.locator("#name_ideographic"), NAME);
  await type(page, page.locator("#name_syllabic"), "ウケツケ ハナコ");
  await tabTo(page, page.locator("[name=sex]").first());
  await page.keyboard.press("ArrowRight");
  await type(page, page.locator("#birth_date"), "S50.4.1");
  await press(page, "Control+Enter", "**/patients/*");
  patient = page.url().split("/").at(-1).split("?")[0];
  const measured = counting(page);
  await press(page, "h", "**/coverages/new");
  await inspect(page);
  await tabTo(page, page.locator("[name=kind]").first());
  await page.keyboard.press("Space");
  for (const [field, text] of [["insurer_number", "01139997"], ["insured_symbol", "12"], ["insured_number", "9000001"], ["valid_from", "R7.4.1"]]) {
    await type(page, page.locator(`#${field}`), text);
  }
  await press(page, "Control+Enter", `**/patients/${patient}?stated=1`);
  t.diagnostic(`${measured()} keys for a card by hand, Tab and Ctrl+A included`);
  assert.match(await page.locator("main").innerText(), /01139997/);
});

test("another card stands beside the old one until one key takes it over", async () => {
  const { page } = clerk;
  await press(page, "h", "**/coverages/new");
  await tabTo(page, page.locator("[name=kind]").first());
  await page.keyboard.press("Space");
  for (const [field, text] of [["insurer_number", "06139992"], ["insured_number", "77"], ["valid_from", "R8.10.1"]]) {
    await type(page, page.locator(`#${field}`), text);
  }
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "保険の新旧" }).waitFor();
  await ready(page);
  await inspect(page);
  const measured = counting(page);
  await press(page, "Control+Enter", `**/patients/${patient}?stated=1`);
  assert.equal(measured(), 1);
  assert.match(await page.locator("main").innerText(), /無効\(新資格あり\)/);
  await page.goto(`${base}/patients/${patient}/coverages/new?kind=public_expense`);
  await ready(page);
  await inspect(page);
});

test("a number by telephone is one key, and the line says when", async () => {
  const { page } = clerk;
  await page.goto(`${base}/patients/${patient}/appointments`);
  await ready(page);
  await press(page, "o", "**/queue?taken=*");
  assert.match(await page.locator("main").innerText(), new RegExp(`番 を取りました[\\s\\S]*${NAME}[\\s\\S]*ころ`));
  await inspect(page);
  await tabTo(page, page.getByRole("button", { name: `来院 ${NAME} さん` }));
  await press(page, "Enter", "**/board?moved=*");
});

test("a 付箋 takes two keys and is seen on the board", async () => {
  const { page } = clerk;
  await page.goto(`${base}/board?state=all`);
  await ready(page);
  const name = page.locator("tr[id^=visit-] a[data-row]", { hasText: NAME });
  for (let n = 0; n < 60 && !(await name.evaluate((link) => link === document.activeElement)); n += 1) await page.keyboard.press("ArrowDown");
  const measured = counting(page);
  await press(page, "t", "**/sticky");
  await page.waitForFunction(() => document.activeElement.id === "visit_note");
  await page.keyboard.insertText("右耳から話す");
  await press(page, "Enter", "**/board**");
  assert.equal(measured(), 2);
  assert.match(await page.locator("tr[id^=visit-]", { hasText: NAME }).innerText(), /右耳から話す/);
  await inspect(page);
});

test("the 番号票 carries a page of the patient's own, without a name", async () => {
  const { page } = clerk;
  await page.goto(`${base}/board?state=all`);
  await ready(page);
  const id = (await page.locator("tr[id^=visit-]", { hasText: NAME }).getAttribute("id")).replace("visit-", "");
  await page.goto(`${base}/encounters/${id}/ticket`);
  await ready(page);
  await page.keyboard.press("q");
  await page.locator(".qr").waitFor();
  const url = (await page.locator("p.no-print").innerText()).trim();
  const phone = await person(browser, { viewport: { width: 390, height: 844 } });
  await phone.page.goto(url);
  await quiet(phone.page);
  const shown = await phone.page.locator("main").innerText();
  assert.match(shown, /前にお待ちの方/);
  assert.ok(!shown.includes("受付 花子"), shown);
  assert.deepEqual(phone.complaints, []);
});

test("nothing complained", () => assert.deepEqual(clerk.complaints, []));
