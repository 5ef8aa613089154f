import type { StateStore } from "./state";
import { countUnread, lastOutbound } from "./transcript";

/** Marks messages as seen once the newest one was in sight for a second in an open, visible panel (WIN-4). */
export function watchSeen(state: StateStore, delayMs: number): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  state.subscribe(({ open, visible, atBottom, transcript, seen }) => {
    if (!open || !visible || !atBottom || !countUnread(transcript, seen)) {
      clearTimeout(timer);
      timer = undefined;
    } else
      timer ??= setTimeout(() => {
        timer = undefined;
        state.set({ seen: lastOutbound(state.get().transcript) });
      }, delayMs);
  });
}
