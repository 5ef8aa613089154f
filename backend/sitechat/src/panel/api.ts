import { asRecord, asText } from "./message";

/** An answer other than success. Status 0: there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** One request to the chat host. */
export type Request = { path: string; body?: unknown; token?: string; lang: string };

const TIMEOUT_MS = 20_000;

/** Sends a request below the base address: POST when there is a body. Throws only ApiError. */
export async function call(base: string, { path, body, token, lang }: Request): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "Accept-Language": lang,
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = response.status === 204 ? {} : await response.json();
  } catch {
    throw new ApiError(0, "", "", 0);
  }
  if (response.ok) return answer;
  const { code, message } = asRecord(asRecord(answer).error);
  throw new ApiError(response.status, asText(code), asText(message), (Number(response.headers.get("Retry-After")) || 0) * 1000);
}
