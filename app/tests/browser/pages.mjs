// Every page a 職種 can reach by links, looked at once each.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faults, inspect } from "./lib/inspect.mjs";
import { quiet } from "./lib/keyboard.mjs";
import { base, launch, person, signIn } from "./lib/product.mjs";

// Pages nobody links to until something happened; a role that may not open one is told so on a page that is looked at too.
const STARTS = ["/board", "/patients", "/patients/new", "/appointments", "/queue", "/schedules", "/schedules/closures", "/guide", "/places", "/patient-imports", "/notes/pending", "/notes/void-requests", "/audit", "/clinic", "/account", "/account/keys", "/account/totp", "/masters", "/backups", "/permissions", "/conformance", "/reception/reader-results", "/orders", "/results", "/order-sets", "/session/switch", "/", "/pricing", "/features", "/status"];
const NOT_PAGES = /\.(pdf|csv|json)$|\/(file|thumbnail)$|^\/(assets|logout|login)/;
const MOST = 120;

const pattern = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}").replace(/\?.*/, "");
const linksOf = (page) => page.$$eval("a[href^='/']", (links) => links.map((link) => link.getAttribute("href")));

/** [page, what is wrong with it] for each that has a fault, and how many were looked at. */
const walk = async (page) => {
  const [queue, seen, wrong] = [[...STARTS], new Set(), []];
  while (queue.length && seen.size < MOST) {
    const path = queue.shift();
    if (seen.has(pattern(path)) || NOT_PAGES.test(pattern(path))) continue;
    seen.add(pattern(path));
    const answer = await page.goto(base + path);
    await quiet(page);
    const found = [200, 403].includes(answer.status()) ? await faults(page) : [`status ${answer.status()}`];
    if (found.length) wrong.push([path, found]);
    queue.push(...(await linksOf(page)));
  }
  return { wrong, looked: seen.size };
};

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

for (const [user, least] of [["director", 20], ["nurse", 18], ["clerk", 18], ["admin", 18]]) {
  test(`every page of ${user}: axe in light and dark, no sideways scroll at 1366 and at 200 %, no text under 14px`, async (t) => {
    const { context, page, complaints } = await person(browser);
    await signIn(page, user);
    const { wrong, looked } = await walk(page);
    t.diagnostic(`${looked} pages`);
    assert.deepEqual(wrong, []);
    assert.ok(looked >= least, `${looked} pages`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("pages outside the sign-in and pages that do not exist are held to the same", async () => {
  const { context, page } = await person(browser);
  for (const path of ["/login", "/conformance", "/session/locked", "/no-such-page"]) {
    await page.goto(base + path);
    await quiet(page);
    await inspect(page);
  }
  await context.close();
});
