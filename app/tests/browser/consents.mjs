// 他院の情報 on the chart: a card's consent brings the drugs of others without anybody waiting, and when the consent ends they leave the
// open page by themselves (FN-OQ-05).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

const LASTS_S = 45;
let browser, clerk, doctor;

before(async () => {
  browser = await launch();
  [clerk, doctor] = await Promise.all([person(browser), person(browser)]);
  await signIn(clerk.page, "clerk");
  await signIn(doctor.page, "doctor");
});
after(() => browser.close());

/** The card's result taken over at the desk; gives the visit. */
const takeIn = async ({ page }) => {
  const card = await page.request.get(`${simulators}/reader/face-result?person=yoshida&scenario=valid&lasts=${LASTS_S}`);
  const file = { name: "OQSsiquc01res_face_9.xml", mimeType: "text/xml", buffer: await card.body() };
  await page.goto(`${base}/reception/reader-results`);
  await ready(page);
  await page.locator("#file").setInputFiles(file);
  await Promise.all([page.waitForURL(/reader-results\/./), page.getByRole("button", { name: /取り込む/ }).click()]);
  await ready(page);
  await Promise.all([page.waitForURL("**/board?moved=**"), page.getByRole("button", { name: /受け付ける/ }).click()]);
  return new URL(page.url()).searchParams.get("moved");
};

test("drugs of others are seen beside the chart and leave it when the consent ends", async (t) => {
  const visit = await takeIn(clerk);
  const { page } = doctor;
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  const list = page.locator("#consent-list");
  await list.locator("tr", { hasText: "薬剤" }).filter({ hasText: "届いています" }).waitFor({ timeout: 30_000 });
  await list.getByRole("link", { name: "見る 薬剤" }).click();
  const shown = page.locator("#consented");
  await shown.filter({ hasText: "架空アムロ錠５ｍｇ" }).waitFor();
  await quiet(page);
  await inspect(page);
  const began = Date.now();
  await shown.filter({ hasText: "閲覧できる時間が終わった" }).waitFor({ timeout: (LASTS_S + 20) * 1000 });
  assert.ok(!(await page.content()).includes("架空アムロ"), "nothing of it is left on the page");
  await list.filter({ hasText: "閲覧期間の終了" }).waitFor();
  assert.equal(await list.getByRole("link", { name: /見る/ }).count(), 0);
  t.diagnostic(`gone ${Math.round((Date.now() - began) / 1000)} s after it was looked at; the consent lasted ${LASTS_S} s`);
});

test("nothing was complained about", () => assert.deepEqual([...doctor.complaints, ...clerk.complaints], []));
