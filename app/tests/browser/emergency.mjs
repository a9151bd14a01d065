// 救急時の閲覧 in a hospital: the card is read while its holder cannot answer; a named doctor gives a reason and a fresh code and sees what
// others did; the administrator judges it afterwards (FN-OQ-11).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, quiet, ready, tabTo, type } from "./lib/keyboard.mjs";
import { SECRET, base, launch, person, signIn, simulators, totp } from "./lib/product.mjs";

const clinic = "tsukimi";
let browser, clerk, doctor, admin;

before(async () => {
  browser = await launch();
  [clerk, doctor, admin] = await Promise.all([person(browser), person(browser), person(browser)]);
  await signIn(clerk.page, "clerk", { clinic });
  await signIn(doctor.page, "doctor", { clinic });
  await signIn(admin.page, "admin", { clinic });
});
after(() => browser.close());

/** The card's result taken over at the desk; gives the patient's page. */
const takeIn = async ({ page }) => {
  const card = await page.request.get(`${simulators}/reader/face-result?person=taro&scenario=valid&consents=unable`);
  const file = { name: "OQSsiquc01res_face_11.xml", mimeType: "text/xml", buffer: await card.body() };
  await page.goto(`${base}/reception/reader-results`);
  await ready(page);
  await page.locator("#file").setInputFiles(file);
  await Promise.all([page.waitForURL(/reader-results\/./), page.getByRole("button", { name: /取り込む/ }).click()]);
  await ready(page);
  await Promise.all([page.waitForURL("**/board?moved=**"), page.getByRole("button", { name: /受け付ける/ }).click()]);
  return new URL(page.url()).searchParams.get("moved");
};

test("the administrator names the doctor", async () => {
  const { page } = admin;
  await page.goto(`${base}/emergency-privileges`);
  await ready(page);
  await inspect(page);
  const row = page.locator("tr", { hasText: "藍沢 朋子" });
  if (await row.getByRole("button", { name: /与える/ }).count()) {
    await Promise.all([page.waitForEvent("load"), row.getByRole("button", { name: /与える/ }).click()]);
  }
  await row.filter({ hasText: "あり" }).waitFor();
});

test("a reason and a code open the history of somebody who cannot answer", async (t) => {
  const visit = await takeIn(clerk);
  const { page } = doctor;
  await page.goto(`${base}/encounters/${visit}`);
  await ready(page);
  await page.locator("#consent-list").getByRole("link", { name: "救急時の閲覧" }).click();
  await page.waitForURL("**/emergency-views/new");
  await ready(page);
  await inspect(page);
  const began = Date.now();
  await tabTo(page, page.getByRole("radio", { name: /意識障害/ }));
  await page.keyboard.press("Space");
  await type(page, page.getByLabel("認証アプリの6桁"), totp(SECRET, Date.now() + 30_000));
  await press(page, "Control+Enter", /emergency-views\/[0-9a-f-]{36}$/);
  await page.locator("#look").filter({ hasText: "架空アムロ錠５ｍｇ" }).waitFor({ timeout: 30_000 });
  await quiet(page);
  await inspect(page);
  assert.ok(await page.getByText("胃切除術").isVisible());
  t.diagnostic(`from the reason to what others did: ${Math.round((Date.now() - began) / 1000)} s`);
});

test("somebody else judges it", async () => {
  const { page } = admin;
  await page.goto(`${base}/emergency-views`);
  await ready(page);
  await inspect(page);
  await Promise.all([page.waitForURL(/emergency-views\/./), page.locator("[aria-labelledby=waiting-h] a[data-row]").first().click()]);
  await ready(page);
  assert.ok(!(await page.content()).includes("架空アムロ"), "whoever judges does not see it");
  await page.getByText("妥当", { exact: true }).click();
  await press(page, "Control+Enter", "**/emergency-views");
  await page.locator("[aria-labelledby=judged-h]").getByText("妥当").first().waitFor();
});

test("nothing was complained about", () => assert.deepEqual([...clerk.complaints, ...doctor.complaints, ...admin.complaints], []));
