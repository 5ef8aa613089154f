/** Makes an element of a block, with its attributes and children. Text goes in as text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A picture of one path in a box of 24, drawn in the colour of the text. */
export function icon(path: string): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "sc-icon");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Sets a text only when it is another one, so that nothing is drawn or spoken again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A button of a picture; its words are for those who do not see it, and for a pointer that rests on it. */
export function iconButton(className: string, path: string, label = ""): HTMLButtonElement {
  const button = make("button", className, { type: "button" }, icon(path));
  if (label) setLabel(button, label);
  return button;
}

/** Names a button of a picture. */
export function setLabel(button: HTMLElement, label: string): void {
  if (button.title === label) return;
  button.title = label;
  button.setAttribute("aria-label", label);
}

/** A link out of the panel. */
export function outLink(className: string, href: string, ...children: (Node | string)[]): HTMLAnchorElement {
  return make("a", className, { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
