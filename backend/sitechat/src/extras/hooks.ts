/**
 * Hands over what the site called with `sendKeyActionHook`: what waits, and from now on each at once. What is no text, or an
 * empty one, is nothing (MET-6).
 */
export function readHooks(hooks: unknown[], heard: (name: string) => void): void {
  const read = (found: unknown): void => {
    const name = typeof found === "string" ? found.trim() : "";
    if (name) heard(name);
  };
  const waiting = hooks.splice(0);
  hooks.push = (...names) => (names.forEach(read), 0);
  waiting.forEach(read);
}
