// 災害時の照会: while the nation's declaration is passed on, somebody without a card is found by name, birth, sex and address, and when it
// is taken back what was opened leaves with it (FN-OQ-12).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, quiet, ready, tabTo } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

// A clinic of another prefecture than every other journey's.
const clinic = "minato";
const prefecture = "14";
const target = process.env.CARGO_TARGET_DIR ?? new URL("../../../target", import.meta.url).pathname;
let browser, clerk, doctor;

const command = (...args) => execFileSync(`${target}/debug/tsumugi`, ["disaster", ...args, "--prefecture", prefecture]);
const tomorrow = () => new Date(Date.now() + 33 * 3600_000).toISOString().slice(0, 16);

before(async () => {
  browser = await launch();
  [clerk, doctor] = await Promise.all([person(browser), person(browser)]);
  await signIn(clerk.page, "clerk", { clinic });
  await signIn(doctor.page, "doctor", { clinic });
});
after(async () => {
  command("end");
  await browser.close();
});

/** Somebody the nation knows, registered from a card of better days; gives the patient's id. */
const known = async ({ page }) => {
  const card = await page.request.get(`${simulators}/reader/face-result?person=hanako&scenario=valid&consents=none`);
  const file = { name: "OQSsiquc01res_face_14.xml", mimeType: "text/xml", buffer: await card.body() };
  await page.goto(`${base}/reception/reader-results`);
  await ready(page);
  await page.locator("#file").setInputFiles(file);
  await Promise.all([page.waitForURL(/reader-results\/./), page.getByRole("button", { name: /取り込む/ }).click()]);
  await ready(page);
  await Promise.all([page.waitForURL("**/board?moved=**"), page.getByRole("button", { name: /受け付ける/ }).click()]);
  const visit = new URL(page.url()).searchParams.get("moved");
  await doctor.page.goto(`${base}/encounters/${visit}`);
  return doctor.page.locator("body").getAttribute("data-patient-token");
};

test("somebody without a card is found while it is declared, and not a moment longer", async (t) => {
  const patient = await known(clerk);
  const { page } = doctor;
  await page.goto(`${base}/patients/${patient}/disaster-views/new`);
  await ready(page);
  await page.getByText("いまは使えません").waitFor();
  await inspect(page);

  command("declare", "--until", tomorrow(), "--reason", "架空地震");
  await clerk.page.request.post(`${simulators}/national/disaster`, { form: { prefecture, hours: "24" } });
  await page.waitForTimeout(3000);
  await page.goto(`${base}/patients/${patient}/consents`);
  await ready(page);
  await page.getByText("架空地震").waitFor();
  await page.getByRole("link", { name: "災害時の照会" }).click();
  await page.waitForURL("**/disaster-views/new");
  await ready(page);
  await inspect(page);
  const began = Date.now();
  await tabTo(page, page.getByRole("radio", { name: /被災してカードも/ }));
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("checkbox", { name: /口頭で同意/ }));
  await page.keyboard.press("Space");
  await press(page, "Control+Enter", /emergency-views\/[0-9a-f-]{36}$/);
  await page.locator("#look").filter({ hasText: "架空アムロ錠５ｍｇ" }).waitFor({ timeout: 30_000 });
  await quiet(page);
  await inspect(page);
  t.diagnostic(`from the reason to what others did: ${Math.round((Date.now() - began) / 1000)} s`);

  command("end");
  await page.waitForTimeout(3000);
  await page.reload();
  await ready(page);
  await page.getByText("災害時モードが終わりました").waitFor();
  assert.ok(!(await page.content()).includes("架空アムロ"));
});

test("nothing was complained about", () => assert.deepEqual([...clerk.complaints, ...doctor.complaints], []));
