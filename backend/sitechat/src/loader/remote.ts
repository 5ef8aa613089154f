import type { Settings } from "./settings";

/** The server's settings of the button (http-api.md §3, Config), as far as the loader uses them. */
export type Remote = {
  button: { color: string; position: string; locale: string };
  chat: { title: string; mode: string } | null;
  ticket: string;
  frame: string;
  /** Present instead of the rest when the server refused this page or button: asking again will not help. */
  error?: { message: string };
};

/**
 * Reads the button's settings; throws when the server could not be asked or cannot answer now. With "reload" the browser's
 * own copy is passed over, since its ticket may have run out.
 */
export async function fetchRemote(base: string, { id, hash }: Settings, signal: AbortSignal, cache?: RequestCache): Promise<Remote> {
  const response = await fetch(`${base}v1/buttons/${id}/config?hash=${hash}`, { cache, signal } as RequestInit);
  const { status } = response;
  if (status > 499 || status === 429) throw status;
  return response.json() as Promise<Remote>;
}
