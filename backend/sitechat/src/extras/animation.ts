import type { LauncherView } from "../loader/view";
import type { AnimationName } from "../shared/extras";
import { add } from "../shared/dom";

/** Moves the launcher so that it is noticed, by the classes that sites know (HOOK-1); people who want less motion see none. */
export function makeAnimation({ launcher }: LauncherView): { start: (name: AnimationName) => void; stop: () => void } {
  let stop = (): void => {};
  return {
    start(name) {
      stop();
      const className = `amo_animation_${name}`;
      if (name === "waves") {
        const circle = add(launcher, "span", className);
        stop = () => circle.remove();
      } else {
        launcher.classList.add(className);
        stop = () => launcher.classList.remove(className);
      }
    },
    stop: () => stop(),
  };
}
