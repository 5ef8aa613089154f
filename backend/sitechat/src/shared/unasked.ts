import type { PartOptions } from "./part";

/** Opens the chat though nobody asked for it: the focus stays where it is. The parts are told of the change in a later microtask. */
export function openUnasked(options: PartOptions): void {
  options.unasked = true;
  options.set(true);
}
