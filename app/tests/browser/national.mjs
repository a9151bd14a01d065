// The whole way of one patient through both services, in one piece: reader → what changed of the insurance → drugs of others → check →
// signature → 控え → what the pharmacy gave out. TSUMUGI_SHOTS=FOLDER keeps a picture of each step.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

let browser, clerk, doctor, pharmacy, visit;

before(async () => {
  browser = await launch();
  [clerk, doctor, pharmacy] = await Promise.all([person(browser), person(browser), person(browser)]);
  await signIn(clerk.page, "clerk");
  await signIn(doctor.page, "doctor");
});
after(() => browser.close());

const picture = async (page, name) => {
  await inspect(page);
  if (process.env.TSUMUGI_SHOTS) await page.screenshot({ path: `${process.env.TSUMUGI_SHOTS}/${name}.png` });
};
const box = (page) => page.locator("#eprescription");
const says = (page, words) => box(page).filter({ hasText: words }).waitFor({ timeout: 40_000 });
const settled = (page, act) => Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), act()]).then(() => quiet(page));

/** The page of what a reader wrote. */
const touch = async ({ page }, more) => {
  const card = await page.request.get(`${simulators}/reader/face-result?person=nguyen&scenario=valid&consents=all&form=electronic${more}`);
  await page.goto(`${base}/reception/reader-results`);
  await ready(page);
  await page.locator("#file").setInputFiles({ name: `OQSsiquc01res_face_${Date.now()}.xml`, mimeType: "text/xml", buffer: await card.body() });
  await Promise.all([page.waitForURL(/reader-results\/./), page.getByRole("button", { name: /取り込む/ }).click()]);
  await ready(page);
};
const takeOver = async ({ page }) => {
  // A card without a reading: the desk asks the person.
  const reading = page.locator("#name_syllabic");
  if ((await reading.count()) && !(await reading.inputValue())) await reading.fill("グエン ティ");
  await Promise.all([page.waitForURL("**/board?moved=**"), page.keyboard.press("Control+Enter")]);
};

test("FN-OQ-01: another card of a known person shows what changed, and one key takes it over", async () => {
  await touch(clerk, "&changed_card=1");
  await takeOver(clerk);
  await touch(clerk, "");
  assert.match(await clerk.page.locator("main").innerText(), /保険の変更[\s\S]*いま[\s\S]*カード/);
  assert.ok((await clerk.page.locator("main del").count()) > 0, "old beside new");
  await picture(clerk.page, "national-1-insurance");
  await takeOver(clerk);
  visit = new URL(clerk.page.url()).searchParams.get("moved");
});

test("FN-OQ-05: the drugs of others stand beside the chart", async () => {
  const { page } = doctor;
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  const list = page.locator("#consent-list");
  await list.locator("tr", { hasText: "薬剤" }).filter({ hasText: "届いています" }).waitFor({ timeout: 40_000 });
  await list.getByRole("link", { name: "見る 薬剤" }).click();
  await page.locator("#consented").filter({ hasText: "架空アムロ錠５ｍｇ" }).waitFor();
  await quiet(page);
  await page.locator("#consented").scrollIntoViewIfNeeded();
  await picture(page, "national-2-drugs");
});

test("FN-EP-03, FN-EP-04: the patient's wish is the form, and what is written is checked by itself", async () => {
  const { page } = doctor;
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  await page.locator("#prescription #q").waitFor();
  await page.keyboard.press("Alt+1");
  await page.keyboard.insertText("変わりない。");
  await page.waitForFunction(() => document.querySelector("#sec-S .save")?.textContent.includes("保存済"), null, { timeout: 15_000 });
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await settled(page, () => page.keyboard.press("Enter"));
  assert.match(await page.locator(".rx-head > summary").innerText(), /院外・電子/);
  await page.locator("#duplicate-check").filter({ hasText: "重複・禁忌なし" }).waitFor({ timeout: 40_000 });
  await quiet(page);
  await picture(page, "national-3-check");
});

test("FN-EP-01: 確定 signs and registers it, and the patient's 控え is there", async () => {
  const { page, context } = doctor;
  const asked = page.locator("#warnings .alert[data-level=reason]:not([data-done]) button[name=reason]");
  while (await asked.count()) await settled(page, () => asked.first().click());
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  await says(page, "引換番号");
  await box(page).scrollIntoViewIfNeeded();
  await picture(page, "national-4-registered");
  const copy = await context.request.get(`${base}/encounters/${visit}/prescription-copy.pdf`);
  assert.equal((await copy.body()).subarray(0, 5).toString(), "%PDF-");
});

test("FN-EP-10: what the pharmacy gave out and says is on the chart", async () => {
  const { page } = doctor;
  const code = (await page.locator("#eprescription .erx-code").innerText()).trim();
  await pharmacy.page.goto(`${simulators}/pharmacy`);
  await pharmacy.page.getByLabel("引換番号").fill(code);
  await Promise.all([pharmacy.page.waitForEvent("load"), pharmacy.page.getByRole("button", { name: "受け付ける" }).click()]);
  await pharmacy.page.getByLabel("医師への伝達事項").first().fill("残薬が7日分ありました");
  await Promise.all([pharmacy.page.waitForEvent("load"), pharmacy.page.getByRole("button", { name: "調剤済にする" }).first().click()]);
  await settled(page, () => page.getByRole("button", { name: "状況を確かめる" }).click());
  await says(page, "残薬が7日分ありました");
  await box(page).scrollIntoViewIfNeeded();
  await picture(page, "national-5-dispensed");
});

test("nothing was complained about", () => assert.deepEqual([...doctor.complaints, ...clerk.complaints], []));
