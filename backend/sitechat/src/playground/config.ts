// What the form says, as the configuration object of a site (O §2.2) and as the code for it.

/** Reads the fields that say something: data-path is the place of each in the configuration. */
export function readConfig(form: HTMLElement): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>("[data-path]")) {
    const value = valueOf(field);
    if (value === undefined) continue;
    const path = (field.dataset.path ?? "").split(".");
    const last = path.pop() ?? "";
    let place = config;
    for (const key of path) {
      if (typeof place[key] !== "object") place[key] = {}; // header: false stands before header.color, and loses
      place = place[key] as Record<string, unknown>;
    }
    place[last] = value;
  }
  return config;
}

function valueOf(field: HTMLInputElement | HTMLSelectElement): unknown {
  if (field instanceof HTMLSelectElement) return field.value || undefined;
  if (field.type === "checkbox") return field.checked ? field.dataset.checked === "true" : undefined;
  if (field.type === "number") return field.value === "" ? undefined : Number(field.value);
  return field.value.trim() || undefined;
}

/** Writes a configuration as the statement that a site puts before its snippet; empty for an empty one. */
export function configCode(name: string, config: Record<string, unknown>): string {
  if (Object.keys(config).length === 0) return "";
  // Nothing in it may end the script element.
  const text = JSON.stringify(config, null, 2).replace(/</g, "\\u003c").replace(/^(\s*)"([a-z_]+)":/gm, "$1$2:");
  return `<script>\nwindow.${name} = ${text};\n</script>\n`;
}

/** Finds button, key and language in a pasted snippet, ours or the vendor's; undefined for what is not in it. */
export function readSnippet(text: string): { id: string | undefined; hash: string | undefined; locale: string | undefined } {
  const find = (name: string, value: string): string | undefined =>
    new RegExp(`\\b${name}["']?\\s*:\\s*["']?(${value})\\b`, "i").exec(text)?.[1];
  return { id: find("id", "\\d{1,20}"), hash: find("hash", "[0-9a-f]{64}"), locale: find("locale", "[a-z]{2}(?:-[a-z0-9]+)*") };
}
