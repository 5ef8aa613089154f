// The loader: the script that a site embeds. Finds out which button in which dialect is meant, takes over the snippet's stub
// and keeps one living instance for each dialect (EMB-13, EMB-14).
import { chooseDialect, configName, isElement, type Dialect, type Globals } from "./dialect";
import { say, startInstance } from "./instance";
import { collectMeta, readSettings, type Settings } from "./settings";
import { quietly, takeOver, type Line } from "./takeover";

const globals = window as unknown as Globals;
/** The lines by dialect, and with them the living instances, found again by the next run of a loader (EMB-20). */
const registry = ((globals as Record<symbol, unknown>)[Symbol.for("leadline")] ??= {}) as Record<string, Line | undefined>;

/** The element that this script came from: by the engine's word, by its id where it has a src (EMB-15), by its address (EMB-12). */
function findScript(): HTMLScriptElement | undefined {
  const current = document.currentScript as HTMLScriptElement | null;
  if (current?.src) return current;
  const last = (selector: string): HTMLScriptElement | undefined => [...document.querySelectorAll<HTMLScriptElement>(selector)].pop();
  return last("[src][id^=amo_social_button],[src][id^=crm_plugin]") ?? last('[src*="/js/button.js"]');
}

function boot(script: HTMLScriptElement, dialect: Dialect, settings: Settings): void {
  const { command } = dialect;
  const line = (registry[command] ??= {});
  // Another id: the last snippet wins.
  if (line.receive && line.id !== settings.id) line.destroy?.();
  const waiting = takeOver(globals, command, line);
  collectMeta(globals, dialect);
  if (line.receive) line.back?.();
  else {
    // The loader's path prefix is that of everything else; a query says nothing (EMB-12).
    const base = script.src.replace(/(js\/button\.js)?([?#].*)?$/, "");
    startInstance(line, base, settings, globals[configName(dialect)], (data) =>
      (globals[dialect.settings] as { setMeta: (data: unknown) => void }).setMeta(data),
    );
  }
  // An instance that one of them destroys leaves the rest to the next one.
  for (const call of waiting) (globals[command] as (...args: unknown[]) => void)(...call);
}

function main(): void {
  const script = findScript();
  const dialect = chooseDialect((document.currentScript ?? script)?.id ?? "", globals);
  const attempt = (left: number): void => {
    const settings =
      script && dialect && readSettings(globals, dialect, { ...Object.fromEntries(new URL(script.src).searchParams), ...script.dataset });
    if (settings) boot(script, dialect, settings);
    else {
      if (left === 20) say("no button");
      // An element stands under the name: the settings may still be assigned over it (EMB-9 h).
      if (left && dialect && isElement(globals[dialect.settings])) setTimeout(attempt, 500, left - 1);
    }
  };
  attempt(20);
}

quietly(main);
