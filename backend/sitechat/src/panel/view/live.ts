import type { State } from "../state";
import { inOrder } from "../transcript";
import { make } from "./dom";

const SPOKEN_MS = 1000;

/** The region that screen readers speak from: a new message stands in it for a second (style.md §10). */
export type Live = { element: HTMLElement; render: (state: State) => void };

/** Makes the region. What is there when the panel starts, and what was loaded from before, is not spoken. */
export function makeLive(): Live {
  const element = make("div", "sc-hidden", { role: "log", "aria-live": "polite" });
  let spoken: number | undefined;
  return {
    element,
    render({ transcript, loaded, open }) {
      if (!loaded) return;
      const outbound = inOrder(transcript).filter((m) => m.direction === "outbound");
      const last = Math.max(0, ...outbound.map((m) => m.seq));
      const from = spoken;
      spoken = Math.max(spoken ?? 0, last);
      if (from === undefined || !open) return;
      for (const m of outbound.filter((message) => message.seq > from)) {
        const line = make("p", "", {}, m.author ? `${m.author}: ${m.text}` : m.text);
        element.append(line);
        setTimeout(() => line.remove(), SPOKEN_MS);
      }
    },
  };
}
