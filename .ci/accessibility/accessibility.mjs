// Looks at the pages that hookproof makes, as main.go has written them:
//
//   node accessibility.mjs DIRECTORY [SCREENSHOTS]
//
// Each is opened in Chromium in light and dark, on a wide and on a narrow screen, with everything open. axe-core finds nothing that
// keeps somebody out, the narrow page does not scroll sideways, every control is reached by the keyboard and shows that it has the
// focus, and on paper nothing is closed or cut off. Debian's package is chromium. SCREENSHOTS is a directory for pictures.
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [directory, screenshots] = process.argv.slice(2);
if (!directory) {
  console.error("accessibility: name the directory of the pages");
  process.exit(2);
}
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const narrow = { width: 360, height: 740 };
const wide = { width: 1280, height: 900 };
const wrong = [];

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const pages = (await readdir(directory)).filter((name) => name.endsWith(".html")).sort();
if (pages.length === 0) wrong.push(`${directory} has no page`);
await Promise.all(pages.map(async (name) => {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [wide, narrow]) {
      await look(name, colorScheme, viewport);
    }
  }
  await print(name);
}));
await browser.close();
for (const line of wrong) console.error(line);
console.log(`${pages.length} pages, ${wrong.length} wrong`);
process.exit(wrong.length ? 1 : 0);

// open opens a page in a context of its own. bypassCSP lets axe-core into a page that lets nothing in.
async function open(name, options) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(`${name}: the script: ${error.message}`));
  await page.goto(pathToFileURL(resolve(directory, name)).href);
  return page;
}

async function look(name, colorScheme, viewport) {
  const where = `${name}, ${colorScheme}, ${viewport.width} px`;
  const page = await open(name, { colorScheme, viewport });
  if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}-${viewport.width}.png`), fullPage: true });
  if (colorScheme === "light" && viewport === wide) await keyboard(page, where);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, help, nodes } of violations) {
    wrong.push(`${where}: ${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ""}`);
  }
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (sideways > 0) wrong.push(`${where}: the page scrolls sideways by ${sideways} px`);
  const small = await page.evaluate(() => [...document.querySelectorAll("svg.sequence")].filter((one) => {
    const { width } = one.getBoundingClientRect();
    return width / one.viewBox.baseVal.width < 0.9;
  }).length);
  if (small) wrong.push(`${where}: ${small} drawings are shrunk so that they cannot be read`);
  await page.context().close();
}

// keyboard goes through the page by the tab key: the first stop is the link that skips to the content, every control is a stop, and each
// stop can be seen.
async function keyboard(page, where) {
  const controls = await page.evaluate(() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((one) => one.checkVisibility() && !one.disabled).map((one, n) => { one.dataset.stop = n; return n; }).length);
  const reached = new Set();
  const unseen = [];
  for (let n = 0; n <= controls; n++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      return { stop: one.dataset.stop, skip: one.classList.contains("skip"), seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.right > 0 && box.width > 0, tag: one.outerHTML.slice(0, 80) };
    });
    if (at.stop === undefined) break;
    if (n === 0 && !at.skip) wrong.push(`${where}: the first stop of the keyboard does not skip to the content: ${at.tag}`);
    if (!at.seen) unseen.push(at.tag);
    reached.add(at.stop);
  }
  if (unseen.length) wrong.push(`${where}: the focus is not seen at ${unseen.length} stops: ${unseen[0]}`);
  if (reached.size < controls) wrong.push(`${where}: the keyboard reaches ${reached.size} of ${controls} controls`);
}

// print looks at a page as it is printed on A4: all is open, and nothing is wider than the paper.
async function print(name) {
  const page = await open(name, { colorScheme: "light", viewport: { width: 720, height: 1020 } });
  await page.emulateMedia({ media: "print" });
  const found = await page.evaluate(() => {
    const hidden = [...document.querySelectorAll("details")].filter((one) => [...one.children].some((child) =>
      child.tagName !== "SUMMARY" && child.textContent.trim() && !child.matches("[hidden]") && !child.checkVisibility()));
    const cut = [...document.querySelectorAll("main *")].filter((one) =>
      ["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1 && ["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowY));
    return { hidden: hidden.length, cut: cut.map((one) => one.outerHTML.slice(0, 60)), sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth };
  });
  if (found.hidden) wrong.push(`${name}, printed: ${found.hidden} details are closed`);
  if (found.cut.length) wrong.push(`${name}, printed: cut off: ${found.cut.slice(0, 3).join("; ")}`);
  if (found.sideways > 0) wrong.push(`${name}, printed: ${found.sideways} px wider than the paper`);
  if (screenshots) await page.pdf({ path: join(screenshots, `${name}.pdf`), format: "A4", margin: { top: "1.5cm", bottom: "1.5cm", left: "1.5cm", right: "1.5cm" } });
  await page.context().close();
}
