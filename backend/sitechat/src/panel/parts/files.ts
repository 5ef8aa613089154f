// What sending a file takes: the upload itself.

const STALLED_MS = 60_000;

/** An answer as it came; status 0 when there was none. */
export type Answer = { status: number; body: unknown; retryAfter: string | null };

/** Posts bytes and tells how far it is, 0..1. Ends early when it is taken back or when nothing moves for a minute. */
export function upload(url: string, headers: Record<string, string>, bytes: Blob, progress: (part: number) => void, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout>;
    const end = (): void => {
      clearTimeout(timer);
      let body: unknown;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = undefined;
      }
      resolve({ status: request.status, body, retryAfter: request.status ? request.getResponseHeader("Retry-After") : null });
    };
    const moved = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => {
      moved();
      progress(total ? loaded / total : 0);
    };
    request.onload = request.onerror = request.onabort = end;
    signal.addEventListener("abort", () => request.abort());
    moved();
    progress(0);
    request.send(bytes);
  });
}
