// Copies the libraries that the page offers to widgets (W §5.12) from
// node_modules to the folder that Go embeds.
import { copyFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");

const libraries = [
  ["requirejs", "2.3.7", "require.js"],
  ["jquery", "2.1.3", "dist/jquery.js"],
  ["underscore", "1.9.1", "underscore.js"],
  ["twig", "0.8.9", "twig.js"],
];

for (const [name, version, file] of libraries) {
  const found = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;
  if (found !== version) {
    throw new Error(`${name}: ${found} is installed, the page needs ${version}`);
  }
  copyFileSync(join(modules, name, file), join(here, "built", `${name}.js`));
}
