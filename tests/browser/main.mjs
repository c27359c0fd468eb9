// Goes through the pages for people in headless Chromium. Started by tests/browser.sh: main.mjs WORK PORT, WORK having
// playwright-core and axe-core in node_modules.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import * as daemons from "./daemons.mjs";
import { look, picture, watch } from "./look.mjs";
import * as school from "./school.mjs";

const [work, port] = [process.argv[2], Number(process.argv[3])];
const require = createRequire(pathToFileURL(`${work}/`));
const { chromium } = require("playwright-core");
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WIDTHS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 900 } };
// WCAG 1.4.10: what a phone shows that enlarges, or a desktop at 400 %
const NARROWEST = { width: 320, height: 640 };
// Chromium talks with nobody but the daemon
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let wrong = 0;
let looks = 0;

function tell(where, words) {
  for (const one of words) {
    wrong += 1;
    console.error(`WRONG  ${where}: ${one}`);
  }
}

/** Follows a link, or does what else brings another page. */
async function arrive(page, by) {
  const arriving = page.waitForResponse((r) => r.request().isNavigationRequest() && ![301, 302].includes(r.status()));
  const [answer] = await Promise.all([arriving, by()]);
  await page.waitForLoadState("load");
  return answer;
}

/** One way through the pages: home, source, article, search, status, a feed. */
class Walk {
  constructor(page, site, name, axe) {
    Object.assign(this, { page, site, name, axe, met: watch(page, site), feeds: new Map(), pictures: 0 });
  }

  async see(what, by, expected = {}) {
    const answer = await arrive(this.page, by);
    const where = `${what} (${new URL(answer.url()).pathname}), ${this.name}`;
    const seen = await look(this.page, answer, this.met, { lang: this.site.lang, axe: this.axe, ...expected });
    if (this.name.includes("phone")) {
      const before = this.page.viewportSize();
      await this.page.setViewportSize(NARROWEST);
      const wide = await this.page.evaluate(() => document.scrollingElement.scrollWidth);
      if (wide > NARROWEST.width) seen.wrong.push(`${wide} pixels wide in a window of ${NARROWEST.width}`);
      await this.page.setViewportSize(before);
    }
    if (seen.pictures.some((width) => width > 0)) this.pictures += 1;
    if (seen.pictures.length > 0 && this.site.pictures.length === 0) seen.wrong.push("pictures are loaded that the configuration does not want");
    tell(where, seen.wrong);
    for (const { href, type } of seen.alternates) this.feeds.set(href, type);
    await picture(this.page, `${this.name} ${what}`.replaceAll(/[ ,?=]+/g, "-"));
    looks += 1;
  }

  async through() {
    const { page, site } = this;
    const to = (address) => () => page.goto(`${site.base}${address}`);
    const link = (selector) => () => page.locator(selector).first().click();
    const source = site.lang === "en" ? "school" : "jyt";
    await this.see("home", to("/"));
    await this.see("source", link(`main a[href$='sources/${source}']`));
    const subscribe = page.locator(".subscribe input").first();
    const address = await subscribe.inputValue();
    const reader = await page.locator("a[href^='feed:']").first().getAttribute("href");
    if (reader !== `feed:${address}`) tell(`source, ${this.name}`, [`feed: leads to ${reader}, the address is ${address}`]);
    this.feeds.set(address, "application/rss+xml");
    await this.see("article", link(".articles li a"));
    await this.see("search", () => page.locator("header nav a").last().click());
    await page.locator("#q").fill("通知");
    await this.see("found", () => page.locator("#q").press("Enter"));
    await this.see("nothing asked", to("/search?q="), { status: 400 });
    await this.see("nothing found", to("/search?q=%E9%BE%99%E8%88%B9%E6%B0%B4"));
    await this.see("status", link("header nav a[href$=status]"));
    await this.see("group", to(`/groups/${site.lang === "en" ? "school" : "province"}`));
    await this.see("no such page", to("/articles/none"), { status: 404 });
    await this.see("no such address", to("/a/b/c"), { status: 404 });
    if (site.lang === "en") {
      await this.see("troubled source", to("/sources/broken"));
      await this.see("source that is off", to("/sources/off"));
    }
    // each article of the sources that are made to be hard to show, and one with a file, a picture and a twin elsewhere
    for (const address of await hard(site)) await this.see(`article ${address.slice(10, 18)}${address.slice(46)}`, to(address));
    if (site.pictures.length > 0 && this.pictures === 0) tell(this.name, ["no picture of an article was loaded, although the configuration wants them"]);
  }
}

const json = async (address) => (await fetch(address)).json();
const own = (item) => `/articles/${item.id.replace("urn:uuid:", "")}`;

/** Articles that are hard to show, of a site's own kind. */
async function hard(site) {
  const { items } = await json(`${site.base}/all.json`);
  const told = [(i) => i.attachments?.length, (i) => i.content_html?.includes("<img"), (i) => i.content_html?.includes("<table"), (i) => i.title.includes("支教")];
  const one = told.flatMap((has) => items.filter(has).slice(0, 1)).map(own);
  if (site.lang !== "en") return [...new Set(one)];
  const { items: made } = await json(`${site.base}/feeds/school.json`);
  const revised = made.filter((i) => i.title.endsWith("（更新）")).map((i) => `${own(i)}?version=1`);
  return [...new Set([...one, ...made.map(own), ...revised])];
}

/** Every address that pages offer is a feed of the kind they say. */
async function subscribe(feeds) {
  for (const [address, type] of feeds) {
    const answer = await fetch(address);
    const got = answer.headers.get("content-type")?.split(";")[0];
    const text = await answer.text();
    const is = { "application/rss+xml": "<rss", "application/atom+xml": "<feed", "application/feed+json": "jsonfeed.org" }[type];
    if (answer.status !== 200 || got !== type || !text.includes(is)) tell(address, [`a page calls it ${type}; it answers ${answer.status}, ${got}`]);
  }
}

/** With the Tab key alone: the way to the content, the navigation, the search, each where it can be seen. */
async function byKeyboard(page, site) {
  await page.goto(`${site.base}/`);
  const reached = [];
  for (let presses = 0; presses < 14; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      return {
        what: one.id || one.getAttribute("href") || one.localName,
        isOutlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        isInside: box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.width > 1 && box.height > 1,
      };
    });
    if (!at.isOutlined || !at.isInside) tell(`home by keyboard, ${site.lang}`, [`the focus cannot be seen at ${at.what}`]);
    if (presses === 0) {
      if (at.what !== "#main") tell("home by keyboard", [`the first stop is ${at.what}, not the link to the content`]);
      await picture(page, `${site.lang} keyboard`);
    }
    reached.push(at.what);
  }
  for (const wanted of ["./", "status", "search", "q"]) {
    if (!reached.some((one) => one.endsWith(wanted))) tell("home by keyboard", [`${wanted} is not reached, only ${reached.join(", ")}`]);
  }
  await page.goto(`${site.base}/`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const at = await page.evaluate(() => document.activeElement.localName);
  if (at !== "main") tell("home by keyboard", [`the link to the content leads to <${at}>`]);
}

async function inContext(browser, options, what) {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    await what(page);
  } finally {
    await context.close();
  }
}

async function all(browser, sites) {
  const feeds = new Map();
  for (const site of sites) {
    for (const [width, viewport] of Object.entries(WIDTHS)) {
      for (const colorScheme of ["light", "dark"]) {
        const name = `${site.lang}, ${width}, ${colorScheme}`;
        await inContext(browser, { viewport, colorScheme, locale: site.lang, isMobile: width === "phone", hasTouch: width === "phone" }, async (page) => {
          const walk = new Walk(page, site, name, AXE);
          await walk.through();
          for (const [address, type] of walk.feeds) feeds.set(address, type);
        });
        console.log(`ok  walked: ${name}`);
      }
    }
    await inContext(browser, { viewport: WIDTHS.desktop }, (page) => byKeyboard(page, site));
    console.log(`ok  by keyboard: ${site.lang}`);
    await inContext(browser, { viewport: WIDTHS.phone, javaScriptEnabled: false }, (page) => new Walk(page, site, `${site.lang}, without script`, null).through());
    console.log(`ok  without script: ${site.lang}`);
  }
  await subscribe(feeds);
  console.log(`ok  ${feeds.size} feeds that pages offer are what they say`);
}

const started = Date.now();
const difficult = await school.open(port + 8);
let running;
let browser;
try {
  running = await daemons.open(work, port, difficult, port + 8);
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
  await all(browser, running.sites);
} catch (error) {
  wrong += 1;
  console.error(`WRONG  ${error.stack ?? error}`);
  console.error(running?.logs() ?? "");
} finally {
  await browser?.close();
  await running?.close();
  difficult.close();
}
console.log(`${looks} looks at pages in ${Math.round((Date.now() - started) / 1000)} s`);
if (wrong > 0) {
  console.error(`${wrong} things are wrong`);
  process.exitCode = 1;
} else {
  console.log("all well");
}
