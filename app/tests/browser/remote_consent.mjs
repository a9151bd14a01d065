// 訪問診療: a patient consents on a device of their own; the desk fetches it, registers it, and asks again before the visit, without a
// reader in the room (FN-OQ-09). Then the month's figures name the way everybody came in (KPI-03).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

const shots = process.env.TSUMUGI_SHOTS;
let browser, clerk, admin;

const look = async (page, name) => {
  await quiet(page);
  await inspect(page);
  if (shots) await page.screenshot({ path: `${shots}-${name}.png` });
};

before(async () => {
  browser = await launch();
  [clerk, admin] = await Promise.all([person(browser), person(browser)]);
  await signIn(clerk.page, "clerk");
  await signIn(admin.page, "admin");
});
after(() => browser.close());

/** The worker brings it; the page is opened again until it is there. */
const until = async (page, locator) => {
  for (let tries = 0; tries < 60 && !(await locator().count()); tries += 1) {
    await page.waitForTimeout(500);
    await page.reload();
    await ready(page);
  }
  return locator();
};

test("a consent from home is fetched, registered, and asked about again before the visit", async () => {
  const { page } = clerk;
  await page.request.post(`${simulators}/mobile-reception`, { form: { person: "maria", flag: "2", continuing: "1" } });
  await page.goto(`${base}/reception/remote-consents`);
  await ready(page);
  await page.keyboard.press("Control+Enter");
  await page.waitForURL("**/reception/remote-consents");
  const waiting = await until(page, () => page.getByRole("link", { name: /だれの同意か/ }));
  await look(page, "remote-waiting");
  await waiting.first().click();
  await page.waitForURL("**/reception/reader-results/**");
  await ready(page);
  await look(page, "remote-result");
  await Promise.all([page.waitForURL("**/patients/**"), page.getByRole("button", { name: /登録する|反映する/ }).click()]);

  await page.goto(`${base}/reception/remote-consents`);
  await ready(page);
  const row = page.locator("tr", { hasText: "マリア" });
  await look(page, "remote-registered");
  await Promise.all([page.waitForURL("**/reception/inquiries/**"), row.getByRole("button", { name: /資格を確かめる/ }).click()]);
  const answer = page.getByRole("link", { name: /見比べて反映する/ });
  await answer.waitFor({ timeout: 30_000 });
  await answer.click();
  await page.waitForURL("**/reception/reader-results/**");
  await ready(page);
  assert.ok(await page.getByRole("radio", { name: "入れる", exact: true }).isChecked(), "before a visit it goes onto today's list");
  await Promise.all([page.waitForURL("**/board?moved=**"), page.getByRole("button", { name: /反映する/ }).click()]);
  assert.match(await page.locator("main").innerText(), /マリア/);
});

test("the month's figures name the way in", async () => {
  const { page } = admin;
  await page.goto(`${base}/reception/figures`);
  await ready(page);
  assert.match(await page.locator("tr", { hasText: "訪問診療等" }).innerText(), /[1-9]/);
  await look(page, "figures");
});

test("nothing was complained about", () => assert.deepEqual([...clerk.complaints, ...admin.complaints], []));
