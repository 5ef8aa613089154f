/** The part of a query that names one of several conversations. */
export function conversationIn(of: string | undefined): string {
  return of === undefined ? "" : `&conversation=${of}`;
}

/** Asks for the stream over fetch: no token stands in an address (SEC-5). */
export function askStream(url: string, token: string, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store",
    ...(signal && { signal }),
  });
}
