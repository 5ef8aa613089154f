import type { State } from "../state";
import { fill } from "../strings";
import { kindOf } from "../summary";
import { inOrder, isSaid } from "../transcript";
import type { Message } from "../message";
import { make } from "./dom";

const SPOKEN_MS = 1000;

/** The region that screen readers speak from: a new message stands in it for a second (style.md §10). */
export type Live = { element: HTMLElement; render: (state: State) => void };

/** Makes the region. What is there when the panel starts, and what was loaded from before, is not spoken. */
export function makeLive(): Live {
  const element = make("div", "sc-hidden", { role: "log", "aria-live": "polite" });
  let spoken: number | undefined;
  let of = "";
  return {
    element,
    render({ transcript, loaded, open, strings, conversation }) {
      if (of !== conversation) spoken = undefined;
      of = conversation;
      if (!loaded) return;
      const outbound = inOrder(transcript).filter((m) => m.direction === "outbound");
      const last = Math.max(0, ...outbound.map((m) => m.seq));
      const from = spoken;
      spoken = Math.max(spoken ?? 0, last);
      if (from === undefined || !open) return;
      for (const m of outbound.filter((message) => message.seq > from)) {
        const line = make("p", "", {}, speak(m, strings));
        element.append(line);
        setTimeout(() => line.remove(), SPOKEN_MS);
      }
    },
  };
}

/** "Picture from Oleg: our new lamp"; a text alone as "Oleg: Hello". */
function speak(m: Message, strings: State["strings"]): string {
  if (!isSaid(m)) return strings["transcript.ended"];
  const what = kindOf(m.kind, strings);
  const from = what && m.author ? fill(strings["live.from"], { what, name: m.author }) : what || m.author;
  return [from, m.text].filter(Boolean).join(": ");
}
