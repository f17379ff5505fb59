/** The headers that pass the proxy, in both directions. Lists are flat: `[name, value, name, value, …]`, in their order. */
import { type TraceContext, toTraceHeaders } from '../../kernel/trace-context.js';

/** Headers that describe a body, in a request or an answer. */
const OF_A_BODY = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-range',
  'content-disposition',
];
/** Other request headers are dropped: they reveal the caller's network, or are credentials for the manager. */
const TO_WECOM = new Set([
  'accept',
  'accept-encoding',
  'user-agent',
  'date',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]);
export const TO_WECOM_WITH_BODY = new Set([...TO_WECOM, ...OF_A_BODY]);
/** Without `content-length`: a rewritten body has another length. */
const TO_WECOM_REWRITTEN = new Set([...TO_WECOM, 'content-type']);
/** Other answer headers are dropped: they could set cookies, clear a browser's data or redirect, in the manager's name. */
export const TO_CALLER = new Set([
  ...OF_A_BODY,
  'accept-ranges',
  'date',
  'last-modified',
  'etag',
  'retry-after',
  // WeCom sends these two when a media download fails with status 200.
  'error-code',
  'error-msg',
]);

/** Adds `x-request-id` and the trace, by the manager's own values. */
export function toWecomHeaders(
  raw: readonly string[],
  requestId: string,
  body: 'none' | 'as sent' | 'rewritten',
  trace: TraceContext | null,
): readonly string[] {
  const kept = listed(
    raw,
    body === 'none' ? TO_WECOM : body === 'as sent' ? TO_WECOM_WITH_BODY : TO_WECOM_REWRITTEN,
  );
  return [...kept, 'x-request-id', requestId, ...toTraceHeaders(trace)];
}

/** @param raw as undici gives them. */
export function toCallerHeaders(raw: readonly Buffer[]): readonly string[] {
  return listed(
    raw.map((item) => item.toString('latin1')),
    TO_CALLER,
  );
}

/** @returns `''` when there is none. */
export function headerOf(headers: readonly string[], wanted: string): string {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === wanted) return headers[index + 1] ?? '';
  }
  return '';
}

/** The headers that `Connection` names. They are for one connection only and never pass (RFC 9110, 7.6.1). */
function namedByConnection(headers: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'connection') continue;
    for (const name of headers[index + 1]?.split(',') ?? []) names.add(name.trim().toLowerCase());
  }
  return names;
}

function listed(headers: readonly string[], list: ReadonlySet<string>): string[] {
  const named = namedByConnection(headers);
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const key = name.toLowerCase();
    if (list.has(key) && !named.has(key)) kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}
