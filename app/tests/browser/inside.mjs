// 院内処方: the administrator chooses to register, the doctor hands a drug out in the clinic, and the registration arrives on the open
// chart by itself; the patient's papers are one press away (FN-EP-11).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

/** From the drug on the page to its labels: place, save, sign. */
const PRESSES = 4;
let browser, admin, doctor;

before(async () => {
  browser = await launch();
  [admin, doctor] = await Promise.all([person(browser), person(browser)]);
  await signIn(admin.page, "admin");
  await signIn(doctor.page, "doctor");
});
after(() => browser.close());

const settled = (page, act) => Promise.all([page.waitForResponse((r) => r.request().method() === "POST"), act()]).then(() => quiet(page));

/** An open note of today without a prescription. */
const openVisit = async (page) => {
  await page.goto(`${base}/board`);
  await ready(page);
  const links = await page.locator("a[data-row]").evaluateAll((all) => all.map((a) => a.getAttribute("href")).filter((href) => href.startsWith("/encounters/")));
  for (const href of links) {
    await page.goto(base + href);
    await ready(page);
    if (!(await page.locator("#body-S:not([readonly])").count())) continue;
    await page.locator("#prescription #q").waitFor();
    if (!(await page.locator("#prescription .rx-row").count())) return href;
  }
  throw new Error("no open visit");
};

test("what is handed out in the clinic is registered by itself, and has its papers", async () => {
  await admin.page.goto(`${base}/eprescriptions/inside`);
  await ready(admin.page);
  await admin.page.locator("#is_on").selectOption("yes");
  await Promise.all([admin.page.waitForEvent("load"), admin.page.keyboard.press("Control+Enter")]);
  assert.match(await admin.page.locator("main").innerText(), /保存しました/);
  await inspect(admin.page);

  const { page } = doctor;
  const href = await openVisit(page);
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほんみゅ 3t 5");
  await page.locator("#drug-options input:checked").waitFor();
  await settled(page, () => page.keyboard.press("Enter"));
  let presses = 0;
  const press = async (locator) => {
    presses += 1;
    await locator.click();
  };
  await press(page.locator(".rx-head > summary"));
  presses += 1;
  await page.locator("#dispensed_at").selectOption("inside");
  await settled(page, () => press(page.getByRole("button", { name: "処方箋の設定を保存" })));
  assert.match(await page.locator(".rx-head > summary").innerText(), /院内/);
  await Promise.all([page.waitForEvent("load"), press(page.getByRole("button", { name: "処方だけ先に署名する" }))]);
  await ready(page);
  assert.ok(presses <= PRESSES, `${presses} presses`);
  assert.equal(await page.getByRole("link", { name: "PDFを開いて印刷" }).count(), 0, "no 処方箋 leaves");
  await inspect(page);
  for (const name of ["お薬手帳", "薬袋のラベル"]) {
    const paper = await doctor.context.request.get(base + (await page.getByRole("link", { name }).getAttribute("href")));
    assert.equal(paper.headers()["content-type"], "application/pdf", name);
  }

  await page.goto(base + href);
  await ready(page);
  await page.locator("#inside").filter({ hasText: "登録済" }).waitFor({ timeout: 40_000 });
  assert.match(await page.locator("#inside").innerText(), /重複投薬等チェックに使われます/);
  assert.doesNotMatch(await page.locator("#inside").innerText(), /引換番号/);
  assert.match(await page.locator(".rx-master").innerText(), /医薬品マスター/);
  await inspect(page);
});
