// 画像・文書 on the chart (GL-22): a photo goes up, waits, opens by itself once it was scanned; シェーマ by keyboard and by mouse; what
// is not clean is refused with words.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import zlib from "node:zlib";
import { inspect } from "./lib/inspect.mjs";
import { quiet, ready } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

// Names of this run: the same demo may have been walked through before.
const run = Date.now().toString(36);
const PHOTO = `左前腕の発疹 ${run}`;
const LETTER = `紹介状 ${run}`;

let browser, doctor, chart, patient;

before(async () => {
  browser = await launch();
  doctor = await person(browser);
  await signIn(doctor.page, "doctor");
  await doctor.page.goto(`${base}/board`);
  const waiting = doctor.page.locator('tr[id^=visit-]:has(.state:text-is("診察待ち")) a.name');
  chart = await waiting.last().evaluate((link) => link.href);
  await doctor.page.goto(chart);
  patient = await doctor.page.locator("body").getAttribute("data-patient-token");
});
after(() => browser.close());

const chunk = (name, data) => {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  crc.writeUInt32BE(zlib.crc32(body));
  return Buffer.concat([length, body, crc]);
};

/** A picture of one colour, made here so that no file of anybody's arm is needed. */
const png = (width, height, [r, g, b]) => {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), Buffer.from(Array.from({ length: width }, () => [r, g, b]).flat())]);
  const rows = Buffer.concat(Array.from({ length: height }, () => line));
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
};

const eicar = () => ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("");
const pdf = (inside) => Buffer.from(`%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n${inside}\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n`);

const card = (title) => doctor.page.locator("#attachments .attachment", { hasText: title });
const send = (name, mimeType, buffer) => doctor.page.locator("#attachment-file").setInputFiles({ name, mimeType, buffer });

test("a photo goes up from the chart, waits, and opens by itself once it was scanned", async () => {
  const { page } = doctor;
  await page.goto(chart);
  await ready(page);
  await page.locator("#attachment-file").waitFor();
  await send(`${PHOTO}.png`, "image/png", png(640, 480, [214, 160, 140]));
  await card(PHOTO).waitFor();
  // Nothing is pressed: the page hears that it was found clean.
  await card(PHOTO).locator("img").waitFor({ timeout: 20_000 });
  await card(PHOTO).locator("a.attachment-open").click();
  await page.waitForURL("**/attachments/*", { waitUntil: "commit" });
  await ready(page);
  const shown = await page.locator("[data-zoomed]").evaluate(async (picture) => (await picture.decode(), picture.naturalWidth));
  assert.equal(shown, 640);
  await inspect(page);
  await page.keyboard.press("+");
  assert.notEqual(await page.locator("[data-zoom-now]").innerText(), "全体");
  await page.keyboard.press("0");
  assert.equal(await page.locator("[data-zoom-now]").innerText(), "全体");
});

test("the left pane is narrowed to pictures and documents", async () => {
  const { page } = doctor;
  await page.goto(chart);
  await ready(page);
  await page.locator("[data-filter] a", { hasText: "画像・文書" }).click();
  await page.locator("#timeline .attachment-line", { hasText: PHOTO }).waitFor();
  await inspect(page);
});

test("a virus is refused with words, and a page in a picture's clothes at once", async () => {
  const { page } = doctor;
  await page.goto(`${base}/patients/${patient}/attachments`);
  await ready(page);
  await send("図.png", "image/png", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"));
  await page.locator("[data-progress] .error", { hasText: "SVG・HTML" }).waitFor();
  await page.reload();
  await ready(page);
  await send(`${LETTER}.pdf`, "application/pdf", pdf(eicar()));
  await card(LETTER).filter({ hasText: "ウイルスが見つかったため開けません" }).waitFor({ timeout: 20_000 });
  assert.equal(await card(LETTER).locator("a.attachment-open").count(), 0);
  await quiet(page);
  await inspect(page);
});

const marks = () => doctor.page.locator("[data-marks] li");

test("シェーマ by keyboard alone; a reload keeps it; it is kept and drawn on again", async () => {
  const { page } = doctor;
  await page.goto(chart);
  await ready(page);
  await page.locator("#attachments [data-key='Alt+G']").waitFor();
  await Promise.all([page.waitForURL("**/drawings/new**"), page.keyboard.press("Alt+g")]);
  await ready(page);
  await inspect(page);
  await Promise.all([page.waitForURL("**template=face**"), page.keyboard.press("3")]);
  await ready(page);
  await page.locator("[data-canvas]:focus").waitFor();
  for (const key of ["Shift+ArrowUp", "ArrowLeft", "Enter"]) await page.keyboard.press(key);
  await page.keyboard.insertText("発赤");
  await page.keyboard.press("Enter");
  for (const key of ["Shift+ArrowDown", "Shift+ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.keyboard.insertText("圧痛");
  await page.keyboard.press("Enter");
  assert.equal(await marks().count(), 2);
  await page.keyboard.press("z");
  await page.keyboard.press("z");
  await page.keyboard.press("y");
  await page.keyboard.press("y");
  assert.equal(await marks().nth(1).locator("input").inputValue(), "圧痛");
  await page.locator("[data-drawing-state]", { hasText: "端末に保持" }).waitFor();
  await page.reload();
  await ready(page);
  assert.equal(await marks().nth(0).locator("input").inputValue(), "発赤");
  await inspect(page);
  // The page asks for itself again while the picture is looked through: its load may be given up for the next one.
  await Promise.all([page.waitForURL("**/attachments/*", { waitUntil: "commit" }), page.keyboard.press("Control+Enter")]);
  await ready(page);
  await page.locator("[data-zoomed]").waitFor({ timeout: 20_000 });
  assert.match(await page.locator("main").innerText(), /1 発赤、2 圧痛/);
  await page.getByRole("link", { name: "描き直す" }).click();
  await page.waitForURL("**/drawing");
  await ready(page);
  assert.equal(await marks().count(), 2);
});

test("シェーマ by mouse: a line, an arrow, another ink; kept as the second version", async () => {
  const { page } = doctor;
  const box = await page.locator("[data-canvas]").boundingBox();
  const drag = async (from, to) => {
    await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1]);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 8 });
    await page.mouse.up();
  };
  await page.getByText("ペン", { exact: false }).first().click();
  await page.getByText("青(破線)").click();
  await drag([0.3, 0.3], [0.6, 0.4]);
  await page.keyboard.press("a");
  await drag([0.7, 0.7], [0.5, 0.6]);
  assert.deepEqual(await marks().evaluateAll((lines) => lines.map((line) => line.firstElementChild.textContent)), ["番号 1(赤)", "番号 2(赤)", "ペンの線(青)", "矢印(青)"]);
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/attachments\/[0-9a-f-]{36}$/);
  await ready(page);
  await page.locator("text=2版").first().waitFor();
  await page.locator("[data-zoomed]").waitFor({ timeout: 20_000 });
});

test("取消 asks why, says so, and is taken back with one key", async () => {
  const { page } = doctor;
  await page.locator("summary", { hasText: "取り消す" }).click();
  await page.getByLabel("理由").fill("別の患者の図だった");
  await page.locator(".popup button", { hasText: "取り消す" }).click();
  await page.waitForURL("**undo=**");
  await ready(page);
  await page.locator(".toast", { hasText: "取り消しました" }).waitFor();
  await Promise.all([page.waitForURL((url) => !url.search.includes("undo")), page.keyboard.press("u")]);
  await page.locator(".attachment", { hasText: "顔" }).first().waitFor();
});

test("説明と同意 and 次回 save themselves, survive a reload, and 次回 books with one key", async () => {
  const { page } = doctor;
  await page.goto(chart);
  await ready(page);
  await page.locator("#ahead").waitFor();
  await page.keyboard.press("Alt+6");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("検査の必要を説明した");
  await page.locator('#sec-IC [data-part="同意"]').selectOption("同意");
  await page.keyboard.press("Alt+7");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("2w");
  for (const letter of ["IC", "NX"]) await page.locator(`#sec-${letter} .save`, { hasText: "保存済" }).waitFor({ timeout: 15_000 });
  await page.reload();
  await ready(page);
  await page.waitForFunction(() => document.querySelector('#sec-NX [data-part="時期"]')?.value === "2w");
  assert.equal(await page.locator('#sec-IC [data-part="同意"]').inputValue(), "同意");
  await page.locator("#ahead").waitFor();
  await page.keyboard.press("Alt+y");
  await page.locator("#pane-next [role=status]", { hasText: "元に戻す" }).waitFor();
  await page.locator("#pane-next [role=status] button").click();
  await quiet(page);
  await inspect(page);
});

test("a chart is left on hold with one key, and taken back", async () => {
  const { page } = doctor;
  await page.goto(`${chart}/moves`);
  await ready(page);
  await page.getByRole("button", { name: "診察中" }).click();
  await page.locator("#toast .toast").waitFor();
  await page.goto(chart);
  await ready(page);
  await Promise.all([page.waitForURL("**/board**"), page.keyboard.press("Alt+m")]);
  await ready(page);
  await page.locator("#toast .toast", { hasText: "保留" }).waitFor();
  await page.keyboard.press("u");
  await quiet(page);
  await page.goto(`${base}/board?state=all`);
  const row = page.locator(`tr[id^=visit-]:has(a.name[href="${new URL(chart).pathname}"])`);
  await row.locator(".state", { hasText: "診察中" }).waitFor();
  // The visit waits again, as the journeys after this one expect it to.
  await page.goto(`${chart}/moves`);
  await ready(page);
  await page.getByRole("button", { name: "診察待ち" }).click();
  await page.locator("#toast .toast").waitFor();
});

test("nothing complained in the console", () => assert.deepEqual(doctor.complaints, []));
