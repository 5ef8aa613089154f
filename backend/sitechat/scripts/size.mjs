// Prints what a visitor downloads, in bytes of brotli, and fails above the budgets of package.json.
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { budgets } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8"));
const manifest = JSON.parse(await readFile(path.join(root, "dist", "manifest.json"), "utf8"));

async function brotli(...names) {
  let sum = 0;
  for (const name of names) {
    const file = path.join(root, "dist", name);
    sum += (await stat(`${file}.br`).catch(() => stat(file))).size; // the smallest have no such form
  }
  return sum;
}

let failed = false;
function report(name, bytes, budget) {
  const over = bytes > budget;
  failed ||= over;
  console.log(`${name.padEnd(11)} ${String(bytes).padStart(6)} of ${budget} bytes${over ? "  TOO BIG" : ""}`);
}

report("loader", await brotli(manifest.loader), budgets.loader);
report("extras", await brotli(`assets/${manifest.extras_script}`), budgets.extras);
// The panel as a visitor of the longest language gets it, before anything rare is used.
const words = Object.keys(manifest.panel_parts).filter((name) => name.startsWith("words."));
const longest = Math.max(...(await Promise.all(words.map((name) => brotli(`assets/${manifest.panel_parts[name]}`)))));
const panel = (await brotli(`assets/${manifest.panel_script}`, `assets/${manifest.panel_style}`)) + longest;
report("panel", panel, budgets.panel);
// With the part for outbox and stream, which is fetched at once but which the first paint does not wait for.
report("with stream", panel + (await brotli(`assets/${manifest.panel_parts.browser}`)), budgets.stream);
for (const [name, file] of Object.entries(manifest.panel_parts)) report(`  ${name}`, await brotli(`assets/${file}`), name.startsWith("dates.") ? budgets.dates : budgets.part);
// What a person of the account downloads, once.
report("bot editor", await brotli(`assets/${manifest.bot_editor}`, `assets/${manifest.bot_editor_style}`), budgets.bot_editor);
process.exit(failed ? 1 : 0);
