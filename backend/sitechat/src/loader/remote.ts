import type { Extras } from "../shared/extras";
import type { Settings } from "./settings";

/** The server's settings of the button (http-api.md §3, Config), as far as the loader uses them. */
export type Remote = {
  /** style: what differs from the usual look, as rules of CSS; empty for none. */
  button: { color: string; style: string; locale: string };
  /** untitled: the header shows no title; auto_open: "wide" or "always" where an incoming message opens the chat (WIN-5). */
  chat: { title: string; mode: string; untitled?: boolean; auto_open?: string } | null;
  /** What the extras are wanted for; absent for a plain button. */
  extras?: Extras;
  ticket: string;
  frame: string;
  /** Present instead of the rest when the server refused this page or button: asking again will not help. */
  error?: { message: string };
};

/**
 * Reads the button's settings, by a request with the signal and the cache mode of init; throws when the server could not be asked
 * or cannot answer now.
 */
export async function fetchRemote(base: string, { id, hash }: Settings, init: RequestInit): Promise<Remote> {
  const response = await fetch(`${base}v1/buttons/${id}/config?hash=${hash}`, init);
  const { status } = response;
  if (status > 499 || status === 429) throw status;
  return response.json() as Promise<Remote>;
}
