// The main job, from a card on the reader to a closed visit, by two people with keyboards: 医療事務 at the desk and 医師 in the room.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { inspect } from "./lib/inspect.mjs";
import { press, ready, tabTo, type } from "./lib/keyboard.mjs";
import { base, launch, person, signIn, simulators } from "./lib/product.mjs";

const NAME = "髙﨑 德藏";
const KANA = "タカサキ トクゾウ";
let browser, clerk, doctor, colleague, visit;

before(async () => {
  browser = await launch();
  [clerk, doctor, colleague] = await Promise.all([person(browser), person(browser), person(browser)]);
  clerk.page.on("filechooser", () => {}); // has the browser hand the choice to us from the start
});
after(() => browser.close());

const section = (page, letter) => page.locator(`#body-${letter}`);
const saved = (page, letter) => page.waitForFunction((l) => document.querySelector(`#sec-${l} .save`)?.textContent.includes("保存済"), letter, { timeout: 15_000 });
const write = async (page, letter, text) => {
  await page.keyboard.press(`Alt+${"SOAP".indexOf(letter) + 1}`);
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
};
const row = (page) => page.locator("tr[id^=visit-]", { hasText: KANA });

test("two people and a colleague sign in with two factors by keyboard", async () => {
  await signIn(clerk.page, "clerk");
  await signIn(doctor.page, "doctor");
  await signIn(colleague.page, "director");
  assert.match(await doctor.page.locator(".app-header").innerText(), /藍沢 朋子/);
});

test("a card reader's file is taken in, the patient is registered and stands on today's list", async () => {
  const { page } = clerk;
  await page.goto(`${simulators}/reader`);
  await tabTo(page, page.locator("input[value=taro]"));
  while (!(await page.locator("input[value=takasaki]").isChecked())) await page.keyboard.press("ArrowDown");
  await tabTo(page, page.getByRole("button", { name: "カードをかざす" }));
  await press(page, "Enter", "**/reader**").catch(() => {});
  const link = page.getByRole("link", { name: /を保存/ });
  await tabTo(page, link);
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  const file = await download.path();

  await page.goto(`${base}/board`);
  await ready(page);
  await press(page, "r", "**/reception/reader-results");
  await tabTo(page, page.locator("#file"));
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
  await chooser.setFiles({ name: download.suggestedFilename(), mimeType: "text/xml", buffer: await readFile(file) });
  await press(page, "Control+Enter", /reader-results\/./);
  await inspect(page);
  assert.match(await page.locator("main").innerText(), /後期高齢者/);
  assert.match(await page.locator("main").innerText(), /新しい患者として登録し、受け付ける/);
  await type(page, page.getByLabel("来院目的"), "血圧の薬がなくなる");
  await press(page, "Control+Enter", "**/board**");
  assert.match(await row(page).innerText(), /髙﨑 德藏/);
  assert.match(await row(page).innerText(), /有効/);
});

test("a person without a card is registered by hand: a bad date is kept and explained, then received", async () => {
  const { page } = clerk;
  await page.goto(`${base}/patients`);
  await ready(page);
  await press(page, "Alt+i", "**/patients/new**");
  await type(page, page.locator("[name=name_ideographic]"), "龍﨑 美彌子");
  await type(page, page.locator("[name=name_syllabic]"), "りゅうざき みやこ");
  await type(page, page.locator("[name=birth_date]"), "S58.2.30");
  await tabTo(page, page.locator("[name=sex]").first());
  await page.keyboard.press("ArrowRight");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.waitForFunction(() => document.activeElement.id === "error-summary");
  assert.equal(await page.locator("[name=birth_date]").inputValue(), "S58.2.30");
  assert.equal(await page.locator("[name=name_ideographic]").inputValue(), "龍﨑 美彌子");
  await inspect(page);
  await type(page, page.locator("[name=birth_date]"), "S58.2.28");
  await press(page, "Control+Enter", /patients\/[0-9a-f-]{36}/);
  assert.match(await page.locator(".stripe").innerText(), /リュウザキ ミヤコ[\s\S]*龍﨑 美彌子/);
  await page.keyboard.press("r");
  await page.waitForURL("**/reception");
  await ready(page);
  await type(page, page.getByLabel("来院目的"), "発熱");
  await press(page, "Control+Enter", "**/board**");
  assert.match(await page.locator("tr[id^=visit-]", { hasText: "リュウザキ" }).innerText(), /発熱/);
});

test("the doctor finds the patient by reading and opens the visit from the list", async () => {
  const { page } = doctor;
  await page.goto(`${base}/board`);
  await ready(page);
  await press(page, "/", "**/patients**");
  await page.keyboard.insertText("たかさき とくぞう");
  await page.locator("#results", { hasText: NAME }).waitFor();
  await page.keyboard.press("ArrowDown");
  await press(page, "Enter", /patients\/[0-9a-f-]{36}/);
  assert.match(await page.locator(".stripe").innerText(), /タカサキ トクゾウ/);
  await page.goto(`${base}/board`);
  await ready(page);
  for (let n = 0; n < 40; n += 1) {
    await page.keyboard.press("ArrowDown");
    if ((await page.evaluate(() => document.activeElement.textContent)) === NAME) break;
  }
  await press(page, "Enter", "**/encounters/*");
  visit = new URL(page.url()).pathname;
});

test("S, O, A and P are written and say when they were saved", async () => {
  const { page } = doctor;
  await write(page, "S", "家庭血圧は130台で落ち着いている。めまいはない。");
  await write(page, "O", "血圧 134/78、脈拍 66 整。下腿浮腫なし。");
  await write(page, "A", "高血圧症、目標内。");
  await write(page, "P", "同じ薬を14日分。家庭血圧の記録を続ける。");
  for (const letter of "SOAP") await saved(page, letter);
  await inspect(page);
  assert.match(await page.locator("#sec-P .save").innerText(), /^\d\d:\d\d:\d\d 保存済$/);
});

test("a second browser's text conflicts, both are shown, and nothing is lost", async () => {
  await colleague.page.goto(base + visit);
  await ready(colleague.page);
  await write(doctor.page, "A", "減塩は続けられている。");
  await saved(doctor.page, "A");
  await doctor.page.waitForTimeout(200);
  await write(colleague.page, "A", "腎機能は次回に確かめる。");
  const link = colleague.page.locator("#sec-A a.save[data-save=conflict]");
  await link.waitFor({ timeout: 15_000 });
  await colleague.page.keyboard.press("Alt+3");
  await tabTo(colleague.page, link, { key: "Shift+Tab" });
  await press(colleague.page, "Enter", "**/conflicts/*");
  await inspect(colleague.page);
  const shown = await colleague.page.locator("main").innerText();
  assert.match(shown, /減塩は続けられている。/);
  assert.match(shown, /腎機能は次回に確かめる。/);
  await colleague.page.keyboard.press("b");
  await press(colleague.page, "Control+Enter", (url) => url.pathname === visit);
  const merged = await section(colleague.page, "A").inputValue();
  assert.match(merged, /高血圧症、目標内。/);
  assert.match(merged, /減塩は続けられている。/);
  assert.match(merged, /腎機能は次回に確かめる。/);
});

test("one drug of the master is prescribed and signed", async () => {
  const { page } = doctor;
  await page.goto(base + visit);
  await ready(page);
  await page.locator("#prescription #q").waitFor();
  await page.keyboard.press("Alt+p");
  await page.keyboard.insertText("みほんあるふぁじょう5 1a 14");
  await page.locator("#drug-options input:checked").waitFor();
  await Promise.all([page.waitForResponse((r) => r.url().endsWith("/prescription-lines")), page.keyboard.press("Enter")]);
  await page.locator(".rx-row", { hasText: "1日1回朝食後" }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "処方だけ先に署名する" }), { most: 200 });
  await press(page, "Enter", "**/prescription/print");
  assert.match(await page.locator("main").innerText(), /1日1回朝食後 14日分/);
  await inspect(page);
});

test("the note is signed and the visit goes to the cashier", async () => {
  const { page } = doctor;
  await page.goto(base + visit);
  await ready(page);
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Control+Enter")]);
  await page.goto(base + visit);
  assert.match(await page.locator(".since").innerText(), /確定/);
  assert.equal(await page.locator("textarea[id^=body-]").count(), 0);
});

test("a signed note is amended with a reason, and both texts stay", async () => {
  const { page } = doctor;
  await ready(page);
  await tabTo(page, page.locator("#amend summary"));
  await page.keyboard.press("Enter");
  await tabTo(page, page.locator("#amend input[name=kind]:checked"));
  await page.keyboard.press("ArrowRight");
  await tabTo(page, page.locator("#amend-section"));
  await page.keyboard.press("P");
  await type(page, page.locator("#amend-body"), "同じ薬を14日分。家庭血圧の記録を続け、2週間後に採血。");
  await type(page, page.locator("#amend-reason"), "採血の予定を書き落とした");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await inspect(page);
  const text = await page.locator("#sec-P").innerText();
  assert.match(text, /同じ薬を14日分。家庭血圧の記録を続ける。/);
  assert.match(text, /2週間後に採血/);
  assert.match(text, /採血の予定を書き落とした/);
});

test("the prescription prints as a PDF that names the patient, the drug and the doctor", async (t) => {
  const { page, context } = doctor;
  await page.goto(`${base}${visit}/prescription/print`);
  await ready(page);
  const [tab] = await Promise.all([context.waitForEvent("page"), page.keyboard.press("Control+Enter")]);
  await tab.close();
  const answer = await context.request.get(`${base}${visit}/prescription.pdf`);
  const pdf = await answer.body();
  assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
  const text = textOf(pdf);
  if (text === null) return t.diagnostic("pdftotext is not installed; only the file's kind was checked");
  for (const word of ["処方", "見本アルファ錠", "14日分", "藍沢"]) assert.ok(text.includes(word), `${word} is missing in ${text}`);
});

test("the desk enters what was done, takes the money and closes the visit", async () => {
  const { page } = clerk;
  await page.goto(`${base}/board`);
  await ready(page);
  assert.match(await row(page).innerText(), /会計待ち/);
  await tabTo(page, row(page).getByRole("link", { name: "会計する" }), { most: 200 });
  await press(page, "Enter", "**/billing");
  await inspect(page);
  assert.match(await page.locator("main").innerText(), /見本アルファ錠/);
  await page.keyboard.press("Alt+k");
  await page.keyboard.insertText("みほんさいしん");
  const found = page.locator("#procedures input").first();
  await found.waitFor();
  await tabTo(page, found);
  await page.keyboard.press("Space");
  await tabTo(page, page.getByRole("button", { name: "足す" }));
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  await ready(page);
  assert.match(await page.locator(".bill-lines").innerText(), /見本再診料/);
  await inspect(page);
  await press(page, "Control+Enter", "**/billing?done=*");
  await inspect(page);
  assert.match(await page.locator("#toast").innerText(), /会計を済ませました[\s\S]*領収書/);
  await page.goto(`${base}/board`);
  assert.match(await row(page).innerText(), /会計済/);
});

test("the main job left no complaint in any console", () => {
  assert.deepEqual([...clerk.complaints, ...doctor.complaints, ...colleague.complaints], []);
});

const textOf = (pdf) => {
  try {
    return execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf }).toString().normalize("NFKC");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
};
