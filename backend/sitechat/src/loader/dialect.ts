/** The names of one of the two dialects of the site API (DIA-1). The configuration's name is derived from them (DIA-2). */
export type Dialect = { readonly command: string; readonly settings: string };

/** The amoCRM and the Kommo dialect. */
export const DIALECTS: readonly Dialect[] = [
  { command: "amoSocialButton", settings: "amo_social_button" },
  { command: "crmPlugin", settings: "crm_plugin" },
];

/** The page's globals, read by name. */
export type Globals = Record<string, unknown>;

/** Tells elements apart: the page's globals may be elements that are reachable by their id (EMB-9 h). */
export function isElement(value: unknown): boolean {
  return !!(value as Partial<Node> | null | undefined)?.nodeType;
}

/** Name of the configuration object (DIA-2). */
export function configName(dialect: Dialect): string {
  return dialect.command + "Config";
}

/**
 * Chooses the dialect (DIA-3): by the id of the running script, else by which settings object exists, else by the command
 * function, else by the configuration. Undefined when the page shows no sign of either.
 */
export function chooseDialect(scriptID: string, globals: Globals): Dialect | undefined {
  const has = (name: string): boolean => !!globals[name] && !isElement(globals[name]);
  return (
    DIALECTS.find((dialect) => scriptID.startsWith(dialect.settings)) ??
    DIALECTS.find((dialect) => has(dialect.settings)) ??
    DIALECTS.find((dialect) => has(dialect.command)) ??
    DIALECTS.find((dialect) => has(configName(dialect)))
  );
}
