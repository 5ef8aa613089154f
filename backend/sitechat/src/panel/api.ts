import { asRecord, asText } from "./read";

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

/** One request to the chat host; the method is POST when there is a body, else GET. */
export type Request = { path: string; method?: string; body?: unknown; token?: string; lang: string };

const TIMEOUT_MS = 20_000;

/** The headers that every request has. */
export function headersOf(lang: string, token = ""): Record<string, string> {
  return { "Accept-Language": lang, ...(token && { Authorization: `Bearer ${token}` }) };
}

/** The error that an answer tells; retryAfter is the header, in seconds. */
export function asError(status: number, answer: unknown, retryAfter: string | null): ApiError {
  const { code, message } = asRecord(asRecord(answer).error);
  return new ApiError(status, asText(code), asText(message), (Number(retryAfter) || 0) * 1000);
}

/** Sends a request below the base address. Throws only ApiError. */
export async function call(base: string, { path, method, body, token, lang }: Request): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(base + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...headersOf(lang, token), ...(body !== undefined && { "Content-Type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = response.status === 204 ? {} : await response.json();
  } catch {
    throw new ApiError(0, "", "", 0);
  }
  if (response.ok) return answer;
  throw asError(response.status, answer, response.headers.get("Retry-After"));
}
