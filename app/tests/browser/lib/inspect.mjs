// What every page owes whoever looks at it (R9): no accessibility violation in light and dark, no sideways scroll at 1366 px
// nor at half of it (200 % zoom), and no text under 14 px.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const violations = async (page, options) => {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const found = await page.evaluate((given) => globalThis.axe.run(document, { resultTypes: ["violations"], ...given }), options);
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, any, all, none }) => `${id} ${target}: ${[...any, ...all, ...none][0]?.message ?? ""}`));
};

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

const smallTexts = (page) =>
  page.evaluate(() => {
    const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    const isSmall = (element) => element.checkVisibility() && hasText(element) && Number.parseFloat(getComputedStyle(element).fontSize) < 14;
    return [...document.querySelectorAll("body *")].filter(isSmall).map((element) => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 20)}`);
  });

/** Everything wrong with the page in words; empty when nothing is. */
export const faults = async (page) => {
  const size = page.viewportSize();
  const found = (await violations(page)).map((fault) => `light ${fault}`);
  await page.emulateMedia({ colorScheme: "dark" });
  found.push(...(await violations(page, { runOnly: ["color-contrast"] })).map((fault) => `dark ${fault}`));
  await page.emulateMedia({ colorScheme: null });
  if ((await overflow(page)) > 0) found.push("scrolls sideways at 1366");
  found.push(...(await smallTexts(page)).map((text) => `under 14px: ${text}`));
  await page.setViewportSize({ width: 683, height: 768 });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  if ((await overflow(page)) > 0) found.push("scrolls sideways at 683");
  await page.setViewportSize(size);
  return found;
};

export const inspect = async (page) => assert.deepEqual(await faults(page), [], page.url());
