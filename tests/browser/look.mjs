// What must hold on every page, whoever looks at it. Each thing that is wrong is said with page, width, scheme and element.
import fs from "node:fs";
import path from "node:path";

const POLICY = "default-src 'none'";

/** Gathers what a browser's page complains of and asks for, from its making on. */
export function watch(page, allowed) {
  const met = { console: [], foreign: [], failed: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) met.console.push(message.text());
  });
  page.on("pageerror", (error) => met.console.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    const isPicture = request.resourceType() === "image" && /\/articles\/[^/]+$/.test(request.frame().url());
    const good = url.startsWith(`${allowed.base}/`) || (isPicture && allowed.pictures.some((site) => url.startsWith(site)));
    if (!good) met.foreign.push(url);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && response.request().resourceType() !== "document") {
      met.failed.push(`${response.url()} answers ${response.status()}`);
    }
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") met.failed.push(`${request.url()}: ${why}`);
  });
  return met;
}

/** An article's pictures are loaded when they come into sight: all are brought there. */
async function loadPictures() {
  for (const picture of document.querySelectorAll(".body img")) {
    picture.scrollIntoView();
    await picture.decode().catch(() => {});
  }
  scrollTo(0, 0);
}

/** What the page itself says: read in the browser. */
function facts() {
  const text = (all) => [...all].map((one) => one.outerHTML.slice(0, 200));
  const root = document.scrollingElement;
  const right = root.clientWidth;
  const isScrolled = (one) => {
    for (let at = one.parentElement; at; at = at.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > right + 1 && !isScrolled(one));
  return {
    lang: document.documentElement.lang,
    title: document.title,
    headings: document.querySelectorAll("h1").length,
    mains: document.querySelectorAll("main").length,
    skip: document.querySelector("a[href='#main']") !== null,
    scripts: text(document.querySelectorAll("script, [onclick], [onload], [onerror], [style]")),
    pictures: [...document.querySelectorAll(".body img")].map((one) => one.naturalWidth),
    alternates: [...document.querySelectorAll("link[rel=alternate]")].map(({ href, type, title }) => ({ href, type, title })),
    overflow: root.scrollWidth > right ? text(wide).slice(-3) : null,
    small: [...document.querySelectorAll("button, input:not([type=hidden]), select")].filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.outerHTML),
  };
}

/** Looks at the page that `page` shows; `answer` brought it. Gives what is wrong, in words. */
export async function look(page, answer, met, { lang, axe, status = 200 }) {
  const wrong = [];
  const expect = (good, words) => good || wrong.push(words);
  expect(answer.status() === status, `answers ${answer.status()}`);
  const headers = answer.headers();
  expect(headers["content-type"] === "text/html; charset=utf-8", `content-type is ${headers["content-type"]}`);
  const policy = headers["content-security-policy"] ?? "";
  expect(policy.startsWith(POLICY) && !policy.includes("unsafe"), `content-security-policy is "${policy}"`);
  await page.evaluate(loadPictures);
  const seen = await page.evaluate(facts);
  expect(seen.lang === lang, `<html lang="${seen.lang}">`);
  expect(seen.title.includes("schoolbell"), `the title is "${seen.title}"`);
  expect(seen.headings === 1, `${seen.headings} h1`);
  expect(seen.mains === 1, `${seen.mains} main`);
  expect(seen.skip, "no link to skip to the content");
  expect(seen.scripts.length === 0, `script or inline style: ${seen.scripts.join(" ")}`);
  expect(seen.alternates.length === 3, `${seen.alternates.length} <link rel="alternate">`);
  expect(seen.overflow === null, `wider than the window: ${seen.overflow?.join(" … ")}`);
  expect(seen.small.length === 0, `lower than 24 pixels: ${seen.small.join(" ")}`);
  if (axe) {
    // the browser's own way in, which no policy of the page stops
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, impact, help, nodes } of violations) {
      for (const { html, target, failureSummary } of nodes.slice(0, 5)) {
        wrong.push(`axe-core, ${impact}: ${id} (${help}) at ${target.join(" ")}\n      ${html.slice(0, 300)}\n      ${failureSummary.replaceAll("\n", "\n      ")}`);
      }
    }
  }
  for (const [kind, words] of [["console", "the console says"], ["foreign", "asks elsewhere:"], ["failed", "could not load"]]) {
    for (const one of met[kind].splice(0)) {
      // the browser says of a page's own status what `status` expects
      if (kind === "console" && status >= 400 && one.includes(`status of ${status}`)) continue;
      wrong.push(`${words} ${one}`);
    }
  }
  return { wrong, alternates: seen.alternates, pictures: seen.pictures };
}

/** Keeps a picture of the whole page, where pictures are wanted. */
export async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
