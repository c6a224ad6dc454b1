import { language } from "./language.svelte";

/** RFC 9457: what the server says when it does not do what was asked. */
export type Problem = { type: string; title: string; detail?: string; status: number };

/** The server's answer was no, and `problem` holds the sentence to show or read aloud. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

/** So long an answer is waited for; a file may take any time to send. */
const PATIENCE_MS = 20_000;

type Options = { body?: unknown; file?: Blob; key?: string; token?: string; signal?: AbortSignal };

/**
 * Calls the API; `key` makes a command safe to send again, `token` is a device's.
 * Throws `Refused` for an answer of 4xx or 5xx and TypeError when no answer came.
 */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { "Accept-Language": language.now };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.file) headers["Content-Type"] = options.file.type || "application/octet-stream";
  if (options.token) headers["Authorization"] = `Bearer ${options.token}`;
  if (options.key) headers["Idempotency-Key"] = options.key;
  const patience = new AbortController();
  const timer = options.file
    ? undefined
    : setTimeout(() => patience.abort(new TypeError("no answer")), PATIENCE_MS);
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      signal: options.signal ?? patience.signal,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.file ? { body: options.file } : {}),
    });
    if (!response.ok) throw new Refused(await problemOf(response));
    return (response.status === 204 ? undefined : await response.json()) as T;
  } finally {
    clearTimeout(timer);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const plain = { type: "about:blank", title: response.statusText, status: response.status };
  try {
    return { ...plain, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return plain;
  }
}

/** A new key for one command; the same command sent again keeps its key. */
export function newKey(): string {
  // randomUUID exists on https and localhost only; signs and tablets may run on plain http in a LAN.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
