import type { EventFrame } from '../../stream/protocol/frames.js';

/** What the program answered. */
export interface ForwardResult {
  readonly isTaken: boolean;
  /** Whether it did not answer in time. */
  readonly isLate: boolean;
  /** The HTTP status; `null` without an answer. */
  readonly status: number | null;
  readonly durationMs: number;
  /** Why it was not taken. */
  readonly reason: string | null;
  /** When to try again, if no program was there to take the event. `null` if it refused the event itself, or is late. */
  readonly retryAfterMs: number | null;
}

/** Statuses of a server whose program is away, or which can take nothing now. */
const NOBODY_THERE = new Set([429, 502, 503, 504]);
const FIRST_RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;

/** Posts events to a local program: as WeCom's callbacks, and messages as JSON. */
export class Forward {
  #absences = 0;

  constructor(private readonly url: URL) {}

  /** Never rejects. Ends within `limitMs`. */
  async post(event: EventFrame, limitMs: number): Promise<ForwardResult> {
    const startedMs = performance.now();
    const { callback, message } = event;
    const [type, body] =
      callback === undefined ? ['application/json', JSON.stringify(message)] : ['text/xml', callback.body];
    try {
      const response = await fetch(withQuery(this.url, callback?.query ?? ''), {
        method: 'POST',
        headers: {
          'content-type': type,
          'webhook-id': event.id,
          'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
          'x-wxkf-attempt': String(event.attempt),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(limitMs),
      });
      void response.body?.cancel().catch(() => {});
      return this.#answered(response, sinceMs(startedMs));
    } catch (error) {
      const durationMs = sinceMs(startedMs);
      if ((error as Error).name !== 'TimeoutError')
        return this.#absent(null, reasonOf(error as Error), durationMs, 0);
      const reason = `no answer within ${limitMs / 1_000} s`;
      return { isTaken: false, isLate: true, status: null, durationMs, reason, retryAfterMs: null };
    }
  }

  #answered({ ok, status, headers }: Response, durationMs: number): ForwardResult {
    if (NOBODY_THERE.has(status)) {
      const retryAfterS = Number(headers.get('retry-after') ?? 0);
      return this.#absent(status, `the answer was ${status}`, durationMs, retryAfterS * 1_000 || 0);
    }
    this.#absences = 0;
    const reason = ok ? null : `the answer was ${status}`;
    return { isTaken: ok, isLate: false, status, durationMs, reason, retryAfterMs: null };
  }

  #absent(status: number | null, reason: string, durationMs: number, askedMs: number): ForwardResult {
    const ownMs = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** this.#absences++);
    const retryAfterMs = Math.min(RETRY_MS_MAX, Math.max(askedMs, ownMs));
    return { isTaken: false, isLate: false, status, durationMs, reason, retryAfterMs };
  }
}

/** The URL's own query stays in front. */
function withQuery(url: URL, query: string): URL {
  const full = new URL(url);
  full.search = [full.search.slice(1), query].filter((part) => part !== '').join('&');
  return full;
}

function sinceMs(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

function reasonOf(error: Error): string {
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  return code ?? message;
}
