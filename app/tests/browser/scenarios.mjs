// Acceptance scenarios of workflows §10 as two people at two screens meet them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";
import { receive } from "./lib/visits.mjs";

let browser, doctor, nurse, visits;

before(async () => {
  browser = await launch();
  [doctor, nurse] = await Promise.all([person(browser), person(browser)]);
  const clerk = await person(browser);
  await Promise.all([signIn(doctor.page, "director"), signIn(nurse.page, "nurse"), signIn(clerk.page, "clerk")]);
  visits = [await receive(clerk.page, "000061"), await receive(clerk.page, "000062")];
  await clerk.context.close();
});
after(() => browser.close());

const open = async ({ page }, visit) => {
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
};
const write = async ({ page }, letter, text) => {
  await page.locator(`#body-${letter}`).focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
};
const state = ({ page }, letter, wanted) =>
  page.waitForFunction(([l, w]) => document.querySelector(`#sec-${l} .save`)?.dataset.save === w, [letter, wanted], { timeout: 20_000 });
const saved = ({ page }, letter) => page.waitForFunction((l) => document.querySelector(`#sec-${l} .save`)?.textContent.includes("保存済"), letter, { timeout: 20_000 });
const body = ({ page }, letter) => page.locator(`#body-${letter}`).inputValue();

test("scenario_01: two people write the same chart at once, in other sections and in the same one, and no letter is lost", async () => {
  await open(doctor, visits[0]);
  await write(doctor, "A", "評価。");
  await saved(doctor, "A");
  await Promise.all([open(doctor, visits[0]), open(nurse, visits[0])]);
  await Promise.all([write(doctor, "S", "医師のS。"), write(nurse, "O", "看護師のO。")]);
  await Promise.all([saved(doctor, "S"), saved(nurse, "O")]);
  // The doctor's page has not seen the nurse's O: whoever comes second is asked to compare.
  await write(doctor, "O", "医師のO。");
  await state(doctor, "O", "conflict");
  await Promise.all([doctor.page.waitForURL("**/conflicts/*"), doctor.page.locator("#sec-O a.save[data-save=conflict]").click()]);
  await ready(doctor.page);
  await inspect(doctor.page);
  const shown = await doctor.page.locator("main").innerText();
  assert.match(shown, /看護師のO。/);
  assert.match(shown, /医師のO。/);
  await doctor.page.keyboard.press("b");
  await Promise.all([doctor.page.waitForURL(`**/encounters/${visits[0]}**`), doctor.page.keyboard.press("Control+Enter")]);
  await ready(doctor.page);
  assert.match(await body(doctor, "S"), /医師のS。/);
  assert.match(await body(doctor, "O"), /看護師のO。/);
  assert.match(await body(doctor, "O"), /医師のO。/);
});

test("scenario_03: a save from the tab of another patient is refused with 422 and the draft stays", async () => {
  const { page } = doctor;
  await open(doctor, visits[1]);
  const own = await page.locator("#sec-P [data-field=patient_token]").inputValue();
  await page.evaluate((other) => (document.querySelector("#sec-P [data-field=patient_token]").value = other), "01900000-0000-7000-8000-00000000dead");
  const [answer] = await Promise.all([page.waitForResponse((r) => r.url().endsWith("/sections/P")), write(doctor, "P", "別の患者の画面で書いた文。")]);
  assert.equal(answer.status(), 422);
  await state(doctor, "P", "refused");
  assert.match(await body(doctor, "P"), /別の患者の画面で書いた文。/);
  await page.evaluate((right) => (document.querySelector("#sec-P [data-field=patient_token]").value = right), own);
  page.once("dialog", (dialog) => dialog.accept());
  await page.reload();
  await ready(page);
  assert.match(await body(doctor, "P"), /別の患者の画面で書いた文。/, "a reload brings the draft back");
  await saved(doctor, "P");
});

test("a line somebody added meanwhile is told before 確定, on the chart itself", async () => {
  const { page } = doctor;
  await open(doctor, visits[1]);
  await page.locator("#prescription #q").waitFor();
  await page.locator("input[name=seen_prescription]").waitFor({ state: "attached" });
  const second = await doctor.context.newPage();
  await second.goto(`${base}/encounters/${visits[1]}`);
  await ready(second);
  await second.locator("#prescription #q").fill("みほんみゅ 3t 5");
  await second.locator("#drug-options input:checked").waitFor();
  await second.locator("#prescription #q").press("Enter");
  await second.locator("#prescription .rx-row input.qty").first().waitFor();
  await second.close();
  await page.bringToFront();
  const [answer] = await Promise.all([page.waitForResponse((r) => r.url().endsWith("/finalization")), page.keyboard.press("Control+Enter")]);
  assert.equal(answer.status(), 409);
  await ready(page);
  assert.match(await page.locator("#unseen").innerText(), /見本ミュー顆粒[\s\S]*画面になかった/);
  await inspect(page);
  await page.locator("#prescription .rx-row input.qty").first().waitFor();
  const asked = page.locator("#warnings .alert[data-level=reason]:not([data-done]) button[name=reason]");
  await page.locator("details#warnings").waitFor();
  while (await asked.count()) await Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), asked.first().click()]).then(() => page.waitForTimeout(200));
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/);
});

test("back after 確定 never shows a draft that can be written", async () => {
  const { page } = doctor;
  await page.goto(`${base}/board`);
  await open(doctor, visits[0]);
  await page.locator("input[name=seen_conditions]").waitFor({ state: "attached" });
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/);
  for (let steps = 0; steps < 2; steps += 1) {
    await page.goBack();
    await ready(page);
    assert.equal(await page.locator("textarea[id^=body-]").count(), 0, page.url());
    assert.equal(await page.locator("button", { hasText: "確定して会計へ" }).count(), 0);
  }
});

test("nothing of it was complained about", () => assert.deepEqual([...doctor.complaints, ...nurse.complaints], []));
