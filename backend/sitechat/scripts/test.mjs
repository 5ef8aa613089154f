// Bundles every src/**/*.test.ts and runs them with node's own test runner, which does not wait for timers that tests leave.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const tests = (await readdir(path.join(root, "src"), { recursive: true })).filter((name) => name.endsWith(".test.ts"));
const out = await mkdtemp(path.join(os.tmpdir(), "sitechat-test-"));
let status = 1;
try {
  await build({
    entryPoints: tests.map((name) => path.join(root, "src", name)),
    outdir: out,
    outExtension: { ".js": ".test.mjs" },
    entryNames: "[dir]/[name]",
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".mjs"));
  status = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-force-exit", ...files.map((name) => path.join(out, name))], {
    stdio: "inherit",
    env: { ...process.env, TZ: "Europe/Berlin" },
  }).status ?? 1;
} finally {
  await rm(out, { recursive: true, force: true });
}
process.exit(status);
