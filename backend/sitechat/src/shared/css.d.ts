/** A style sheet imported by the loader is its text, see scripts/build.mjs. */
declare module "*.css" {
  const text: string;
  export { text as default };
}

/** File name of the loader's second part, put in by the build. */
declare const WINDOW_PART: string;

/** File names of the parts of the panel, put in by the build. */
declare const PARTS: Readonly<Record<string, string>>;
