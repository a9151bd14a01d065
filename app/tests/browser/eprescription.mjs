// 電子処方箋 on the chart: 確定 registers it while nobody waits, the numbers arrive by themselves, a pharmacy takes it, and when the service
// is away two keys make it paper (workflows §8 and acceptance scenario 4).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

const PAPER_KEYS = 2;
let browser, doctor, pharmacy, code;

before(async () => {
  browser = await launch();
  [doctor, pharmacy] = await Promise.all([person(browser), person(browser)]);
  await signIn(doctor.page, "doctor");
});
after(async () => {
  await fault("none", 1);
  await browser.close();
});

const fault = (name, times) => pharmacy.context.request.post(`${simulators}/national/faults`, { form: { service: "eps", fault: name, times: String(times) }, maxRedirects: 0 });
const box = (page) => page.locator("#eprescription");
const says = (page, words, timeout = 40_000) => box(page).filter({ hasText: words }).waitFor({ timeout });
const settled = (page, act) => Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), act()]).then(() => quiet(page));
const registered = async () => Number(/登録: (\d+) 件/.exec(await (await pharmacy.context.request.get(`${simulators}/national`)).text())[1]);

/** Notes of today that are still open, with no prescription begun. */
const openVisits = async (page) => {
  await page.goto(`${base}/board`);
  await ready(page);
  const links = await page.locator("a[data-row]").evaluateAll((all) => all.map((a) => a.getAttribute("href")).filter((href) => href.startsWith("/encounters/")));
  const open = [];
  for (const href of links) {
    if (open.length === 3) break;
    await page.goto(base + href);
    await ready(page);
    if (!(await page.locator("#body-S:not([readonly])").count())) continue;
    await page.locator("#prescription #q").waitFor();
    if (!(await page.locator("#prescription .rx-row").count())) open.push(href);
  }
  return open;
};

/** One drug, to be issued electronically. */
const begin = async (page, href) => {
  await page.goto(base + href);
  await ready(page);
  await page.locator("#prescription #q").waitFor();
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("変わりない。");
  await page.waitForFunction(() => document.querySelector("#sec-S .save")?.textContent.includes("保存済"), null, { timeout: 15_000 });
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await settled(page, () => page.keyboard.press("Enter"));
  await page.locator(".rx-head > summary").click();
  await page.locator("#issue_form").selectOption("electronic");
  await settled(page, () => page.getByRole("button", { name: "処方箋の設定を保存" }).click());
  assert.match(await page.locator(".rx-head > summary").innerText(), /院外・電子/);
};

const checked = (page, words) => page.locator("#duplicate-check").filter({ hasText: words }).waitFor({ timeout: 40_000 });

/** One drug, checked while nobody presses anything, up to 確定. */
const prescribe = async (page, href, says = "重複・禁忌なし") => {
  await begin(page, href);
  await checked(page, says);
  await finalize(page, href);
};

const finalize = async (page, href) => {
  const asked = page.locator("#warnings .alert[data-level=reason]:not([data-done]) button[name=reason]");
  while (await asked.count()) await settled(page, () => asked.first().click());
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.goto(base + href);
  await ready(page);
  assert.match(await page.locator(".since").innerText(), /確定/);
  await box(page).waitFor();
};

let visits;

test("確定 registers the prescription, and its numbers arrive on the open page by themselves", async () => {
  const { page } = doctor;
  visits = await openVisits(page);
  assert.equal(visits.length, 3, "three open notes");
  await prescribe(page, visits[0]);
  await says(page, "引換番号");
  code = (await page.locator("#eprescription .erx-code").innerText()).trim();
  assert.match(code, /^\d{6}$/);
  assert.match(await box(page).innerText(), /登録済[\s\S]*処方箋ID\s*[0-9a-f-]{36}/);
  await inspect(page);
});

test("the 控え opens and the paper does not", async () => {
  const { page, context } = doctor;
  const copy = await context.request.get(`${base}${visits[0]}/prescription-copy.pdf`);
  assert.equal((await copy.body()).subarray(0, 5).toString(), "%PDF-");
  assert.equal((await context.request.get(`${base}${visits[0]}/prescription.pdf`)).status(), 422);
  await page.goto(`${base}${visits[0]}/prescription/print`);
  await ready(page);
  assert.equal(await page.locator("a[href$='/prescription.pdf']").count(), 0);
  await inspect(page);
  await page.goto(base + visits[0]);
  await ready(page);
  await box(page).waitFor();
});

test("a pharmacy takes it in, and it can no longer be taken back", async () => {
  const { page } = doctor;
  await pharmacy.page.goto(`${simulators}/pharmacy`);
  await pharmacy.page.getByLabel("引換番号").fill(code);
  await Promise.all([pharmacy.page.waitForEvent("load"), pharmacy.page.getByRole("button", { name: "受け付ける" }).click()]);
  assert.match(await pharmacy.page.locator("body").innerText(), /調剤中/);
  await page.locator("#eprescription summary", { hasText: "電子処方箋を取り消す" }).click();
  await page.locator("#eprescription input[name=reason]").fill("用量の誤り");
  await settled(page, () => page.locator("#eprescription").getByRole("button", { name: "電子処方箋を取り消す" }).click());
  await says(page, "薬局が受け付けているため、取消・紙への切替はできませんでした");
  assert.equal(await page.locator("#eprescription input[name=reason]").count(), 0);
});

test("what the pharmacy dispenses and says comes to the chart", async () => {
  const { page } = doctor;
  await pharmacy.page.getByLabel("医師への伝達事項").first().fill("残薬が7日分ありました");
  await Promise.all([pharmacy.page.waitForEvent("load"), pharmacy.page.getByRole("button", { name: "調剤済にする" }).first().click()]);
  await settled(page, () => page.getByRole("button", { name: "状況を確かめる" }).click());
  await says(page, "調剤済");
  assert.match(await box(page).innerText(), /残薬が7日分ありました/);
  await inspect(page);
});

test("scenario 4: the service is away, and two keys make it paper with nothing typed again", async (t) => {
  const { page, context } = doctor;
  const before = await registered();
  await fault("closed", 500);
  await prescribe(page, visits[1], "照会できません");
  await says(page, "受付時間外");
  await inspect(page);
  const began = Date.now();
  let keys = 0;
  const press = (key) => ((keys += 1), page.keyboard.press(key));
  await press("Alt+x");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /紙へ切り替える/);
  await settled(page, () => press("Enter"));
  await says(page, "紙へ切替済");
  t.diagnostic(`${keys} keys, ${Date.now() - began} ms`);
  assert.ok(keys <= PAPER_KEYS, `${keys} keys`);
  const paper = await context.request.get(`${base}${visits[1]}/prescription.pdf`);
  assert.equal((await paper.body()).subarray(0, 5).toString(), "%PDF-");
  await fault("none", 1);
  await page.waitForTimeout(8_000);
  assert.equal(await registered(), before, "nothing was registered beside the paper");
});

test("what another place gave is found while the doctor writes, shown only with consent, and wants a reason", async () => {
  const { page } = doctor;
  await begin(page, visits[2]);
  await checked(page, "重複・禁忌なし");
  await pharmacy.page.goto(`${simulators}/pharmacy`);
  await Promise.all([pharmacy.page.waitForEvent("load"), pharmacy.page.getByRole("button", { name: "よその病院でも出したことにする" }).click()]);
  const days = page.locator("#prescription input.qty").first();
  await days.fill("7");
  await settled(page, () => days.press("Enter"));
  await checked(page, "指摘 1件");
  const found = page.locator("#duplicate-check");
  assert.match(await found.innerText(), /重複投薬/);
  assert.doesNotMatch(await found.innerText(), /架空総合病院/);
  await inspect(page);
  await settled(page, () => page.getByRole("button", { name: "口頭で同意を得た" }).click());
  await checked(page, "架空総合病院");
  assert.match(await found.innerText(), /口頭同意/);
  await page.locator("#warnings .alert[data-level=reason]").filter({ hasText: "国の重複投薬等チェック" }).waitFor();
  await inspect(page);
  await finalize(page, visits[2]);
  await says(page, "引換番号");
});

test("a registered prescription is changed, and the new numbers arrive by themselves", async () => {
  const { page } = doctor;
  const before = (await page.locator("#eprescription .erx-code").innerText()).trim();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "変更する" }).click()]);
  await ready(page);
  const days = page.locator("#prescription input.qty").first();
  await days.waitFor();
  await days.fill("10");
  await settled(page, () => days.press("Enter"));
  await checked(page, "指摘 1件");
  await inspect(page);
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "処方だけ先に署名する" }).click()]);
  await page.goto(base + visits[2]);
  await ready(page);
  await says(page, "変更した処方箋に替わりました");
  await page.waitForFunction((old) => [...document.querySelectorAll("#eprescription .erx-code")].some((code) => code.textContent.trim() !== old), before);
  await inspect(page);
});

test("none of it left a complaint in the console", () => assert.deepEqual(doctor.complaints, []));
