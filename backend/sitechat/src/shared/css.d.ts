/** A style sheet imported by the loader is its text, see scripts/build.mjs. */
declare module "*.css" {
  const text: string;
  export { text as default };
}

/** What follows "window" and "extras" in the file names of the loader's parts, put in by the build. */
declare const PART_HASH: string;

/** File names of the parts of the panel, put in by the build. */
declare const PARTS: Readonly<Record<string, string>>;
