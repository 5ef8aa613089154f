/** A piece of something on the screen. */
export type Part = {
  /** Stands for the piece from one drawing to the next; unique among its siblings. */
  name: string;
  /** The piece is drawn anew when this text changes: what plays or has the focus stays otherwise. */
  look: string;
  draw: () => HTMLElement;
  /** Changes a piece that stays. */
  update?: (node: HTMLElement) => void;
};

type Drawn = Map<string, { node: HTMLElement; look: string }>;
const drawn = new WeakMap<HTMLElement, Drawn>();
const FOCUSABLE = "button, a, input, video, textarea, [tabindex]";

/** Makes the children of an element those parts, in their order, touching only what has changed. */
export function patch(parent: HTMLElement, parts: readonly Part[]): void {
  const before = drawn.get(parent) ?? (new Map() as Drawn);
  const now: Drawn = new Map();
  parts.forEach(({ name, look, draw, update }, i) => {
    const known = before.get(name);
    const node = known?.look === look ? known.node : draw();
    update?.(node);
    now.set(name, { node, look });
    if (known && known.node !== node) swap(known.node, node);
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
  for (const [name, { node }] of before) if (!now.has(name)) node.remove();
  drawn.set(parent, now);
}

/** Replaces a node; the focus stays at the same place in the new one. */
function swap(old: HTMLElement, node: HTMLElement): void {
  const places = [old, ...old.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const place = places.indexOf(document.activeElement as HTMLElement);
  old.replaceWith(node);
  if (place < 0) return;
  const next = [node, ...node.querySelectorAll<HTMLElement>(FOCUSABLE)];
  next[Math.min(place, next.length - 1)]?.focus();
}
