/** Makes an element with classes and an id inside a parent. */
export function add<K extends keyof HTMLElementTagNameMap>(parent: Element, tag: K, className: string, id = ""): HTMLElementTagNameMap[K] {
  return parent.appendChild(Object.assign(document.createElement(tag), { className }, id && { id }));
}

/** Adds a picture of one path, drawn in the colour of the text. */
export function addIcon(parent: Element, path: string): void {
  const make = (into: Element, tag: string, name: string, value: string): Element => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    element.setAttribute(name, value);
    return into.appendChild(element);
  };
  make(make(parent, "svg", "viewBox", "0 0 24 24"), "path", "d", path);
}

/**
 * Gives the document a style sheet until the signal aborts: one that a strict content security policy allows (EMB-25) and that
 * survives a page which removes style elements (HOOK-4). Where browsers know of none, or of a fixed list of them, it is an element inside the root, with the nonce of the page's scripts.
 */
export function addStyles(root: Element, text: string, signal: AbortSignal): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets.push(sheet);
    signal.addEventListener("abort", () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    });
  } catch {
    // The nonce first: the policy looks when the element comes into the page.
    root.append(Object.assign(document.createElement("style"), { nonce: (document.querySelector<HTMLElement>("script[nonce]") ?? (root as HTMLElement)).nonce, textContent: text }));
  }
}
