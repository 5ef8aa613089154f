import type { LauncherView } from "../loader/view";

/**
 * Full-screen manners on a narrow page (WIN-6, WIN-7): the window follows what the keyboard leaves of the screen, the page
 * behind it neither scrolls nor takes the focus, while the pop-up is open. Returns what is to be called when the chat opens or closes.
 */
export function fitPhone(view: LauncherView, isFull: () => boolean, focus: () => void, signal: AbortSignal): () => void {
  const phone = matchMedia("(max-width: 640px)");
  const page = document.documentElement;
  const fit = (): void => {
    const full = isFull() && phone.matches && !signal.aborted;
    const seen = full ? visualViewport : undefined;
    const { chat } = view;
    chat.style.height = seen ? `${seen.height}px` : "";
    chat.style.top = seen ? `${seen.offsetTop}px` : "";
    if (full) chat.setAttribute("aria-modal", "true");
    else chat.removeAttribute("aria-modal");
    page.classList.toggle("leadline-lock", full);
  };
  for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, fit, { signal });
  document.addEventListener(
    "focusin",
    (event) => {
      if (isFull() && phone.matches && !view.root.contains(event.target as Node)) focus();
    },
    { signal },
  );
  signal.addEventListener("abort", fit);
  return fit;
}
