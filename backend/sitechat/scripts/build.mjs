// Builds the loader and the panel into dist/. The new build is made beside the old one and then takes its place, so that
// an interrupted build never leaves a folder that Go would embed half empty.
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { minify } from "terser";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const fresh = path.join(root, "node_modules", `.dist-${process.pid}`);
const dist = path.join(root, "dist");

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  write: false,
  logLevel: "warning",
};

async function bundle(options) {
  const result = await build({ ...common, ...options });
  return result.outputFiles[0].contents;
}

// A script gets a second pass, which makes it a twentieth smaller.
async function bundleScript({ preamble, ...options }) {
  const text = Buffer.from(await bundle({ target: "es2021", ...options })).toString();
  const { code } = await minify(text, { ecma: 2021, module: options.format === "esm", toplevel: true, compress: { passes: 3, unsafe_arrows: true }, format: { preamble } });
  return Buffer.from(code);
}

function named(base, extension, ...contents) {
  const hash = createHash("sha256");
  for (const part of contents) hash.update(part);
  return `${base}.${hash.digest("hex").slice(0, 7)}.${extension}`;
}

// The loader and its parts carry their style sheets as text, made small like the rest.
const cssText = {
  name: "css-text",
  setup(b) {
    b.onLoad({ filter: /\.css$/ }, async (args) => {
      const css = await bundle({ stdin: { contents: await readFile(args.path, "utf8"), loader: "css" } });
      return { contents: Buffer.from(css).toString().trim(), loader: "text" };
    });
  },
};

// Tells which keys of words the panel itself says: those that stand in its sources, whole or as the beginning of a template.
async function sayings() {
  const panel = path.join(root, "src/panel");
  const own = (await readdir(panel, { recursive: true })).filter((file) => /(?<!\.test)\.ts$/.test(file) && !/^(parts|over|rich)\b/.test(file));
  const text = (await Promise.all(own.map((file) => readFile(path.join(panel, file), "utf8")))).join("\n");
  const beginnings = [...text.matchAll(/`([a-z_.]+)\$\{/g)].map(([, beginning]) => beginning);
  return (key) => text.includes(`"${key}"`) || text.includes(`strings.${key}`) || beginnings.some((beginning) => key.startsWith(beginning));
}

// Of what a panel starts with nearly every function runs at once: engines that know this word compile all of them beside the main thread, while
// they load the script, instead of each when it is called.
const atOnce = { preamble: "//# allFunctionsCalledOnLoad" };

const forStyles = { target: ["chrome100", "firefox100", "safari15"] };

// The parts of the panel that are fetched when they are needed: one for each file of src/panel/parts and of src/styles/parts,
// and two for the words of each language: what the panel itself says, and what only those parts say. They share no code at run time, so none of them waits for another.
async function parts() {
  const said = await sayings();
  const out = {};
  const panel = path.join(root, "src/panel");
  for (const file of await readdir(path.join(panel, "parts"))) {
    if (/(?<!\.test)\.ts$/.test(file)) out[path.basename(file, ".ts")] = { entryPoints: [`src/panel/parts/${file}`], ...(file === "browser.ts" && atOnce) };
  }
  for (const file of await readdir(path.join(panel, "strings"))) {
    const all = Object.entries(JSON.parse(await readFile(path.join(panel, "strings", file), "utf8")));
    const [first, later] = [all.filter(([key]) => said(key)), all.filter(([key]) => !said(key))];
    const words = (list) => ({ stdin: { contents: `export const words = ${JSON.stringify(Object.fromEntries(list))}` } });
    const lang = path.basename(file, ".json");
    Object.assign(out, { [`words.${lang}`]: words(first), [`later.${lang}`]: words(later) });
  }
  const styles = await readdir(path.join(root, "src/styles/parts"));
  const style = async (file) => [file, await bundle({ entryPoints: [`src/styles/parts/${file}`], ...forStyles })];
  // What the language brings to the patterns of dates that the panel itself does not know.
  for (const [lang, locale] of Object.entries({ en: "enUS", es: "es", pt: "pt", ru: "ru" })) {
    const contents = `export { format } from "date-fns/format"; export { ${locale} as locale } from "date-fns/locale/${locale === "enUS" ? "en-US" : lang}"`;
    out[`dates.${lang}`] = { stdin: { contents, resolveDir: root }, preamble: "/* date-fns, MIT License, Copyright (c) 2021 Sasha Koss and Lesha Koss */" };
  }
  const make = async ([name, from]) => [name, await bundleScript({ ...from, format: "esm" })];
  return Promise.all([...Object.entries(out).map(make), ...styles.map(style)]);
}

const [playground, botEditor, botEditorStyle, part, extras, panelParts, style] = await Promise.all([
  bundleScript({ entryPoints: ["src/playground/main.ts"], format: "iife" }),
  bundleScript({ entryPoints: ["src/boteditor/main.ts"], format: "iife" }),
  bundle({ entryPoints: ["src/boteditor/editor.css"], ...forStyles }),
  bundleScript({ entryPoints: ["src/window/main.ts"], ...atOnce, format: "esm", plugins: [cssText] }),
  bundleScript({ entryPoints: ["src/extras/main.ts"], format: "esm", plugins: [cssText] }),
  parts(),
  bundle({ entryPoints: ["src/styles/panel.css"], ...forStyles }),
]);
const partNames = Object.fromEntries(panelParts.map(([name, contents]) => [name, named(name.replace(/\.css$/, ""), name.endsWith(".css") ? "css" : "js", contents)]));
const script = await bundleScript({ entryPoints: ["src/panel/main.ts"], ...atOnce, format: "iife", define: { PARTS: JSON.stringify(partNames) } });

const manifest = {
  loader: "button.js",
  // One hash for both parts of the loader, which has no room for two.
  window_script: named("window", "js", part, extras),
  extras_script: named("extras", "js", part, extras),
  panel_script: named("panel", "js", script),
  panel_style: named("panel", "css", style),
  panel_parts: partNames,
  playground: named("playground", "js", playground),
  bot_editor: named("boteditor", "js", botEditor),
  bot_editor_style: named("boteditor", "css", botEditorStyle),
};

const loader = await bundleScript({
  ...atOnce,
  entryPoints: ["src/loader/main.ts"],
  format: "iife",
  plugins: [cssText],
  define: { PART_HASH: JSON.stringify(manifest.window_script.replace("window", "")) },
});

// Each file goes out as it is, and made small for browsers that take that: the server has no work with it. In small files
// nothing is won.
async function write(name, contents) {
  const file = path.join(fresh, name);
  const bytes = Buffer.from(contents);
  const forms = [["", bytes]];
  if (bytes.length > 512) forms.push([".br", brotliCompressSync(bytes)], [".gz", gzipSync(bytes, { level: 9 })]);
  await Promise.all(forms.map(([extension, form]) => writeFile(file + extension, form)));
}

await mkdir(path.join(fresh, "assets"), { recursive: true });
await Promise.all([
  write(manifest.loader, loader),
  write(`assets/${manifest.window_script}`, part),
  write(`assets/${manifest.extras_script}`, extras),
  write(`assets/${manifest.panel_script}`, script),
  write(`assets/${manifest.panel_style}`, style),
  write(`assets/${manifest.playground}`, playground),
  write(`assets/${manifest.bot_editor}`, botEditor),
  write(`assets/${manifest.bot_editor_style}`, botEditorStyle),
  ...panelParts.map(([name, contents]) => write(`assets/${partNames[name]}`, contents)),
  writeFile(path.join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n"),
]);
await rm(dist, { recursive: true, force: true });
await rename(fresh, dist);
