// Reads feeds with npm's rss-parser. Started by readers_check.py: addresses in, one JSON object out,
// {address: [[link, title, seconds, characters of content], …]}.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, ...addresses] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const Parser = require("rss-parser");

const parser = new Parser({ customFields: { item: ["content:encoded"] } });
const read = {};
for (const address of addresses) {
  const feed = await parser.parseURL(address);
  read[address] = feed.items.map((item) => [
    item.link,
    item.title,
    Date.parse(item.isoDate) / 1000,
    (item["content:encoded"] ?? item.content ?? "").length,
  ]);
}
console.log(JSON.stringify(read));
