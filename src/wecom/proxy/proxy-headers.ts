/** Which headers go through the proxy, both ways, as flat lists `[name, value, name, value, …]` in their order. */
import { type TraceContext, toTraceHeaders } from '../../kernel/trace-context.js';

/** They speak of one connection (RFC 9110, 7.6.1), or the next one makes its own. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Credentials for the manager are none of WeCom's business, which takes its own in the query alone. */
const NOT_TO_WECOM = new Set([
  ...HOP_BY_HOP,
  'host',
  'expect',
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-request-id',
  // Passed on as they were read.
  'traceparent',
  'tracestate',
]);
const OF_A_BODY = new Set(['content-length', 'content-type', 'content-encoding']);
const NOT_TO_CALLER = new Set([...HOP_BY_HOP, 'x-request-id']);
/** Which pages may read an answer is said of WeCom's address and not of ours, where none may. */
const OF_CORS = 'access-control-';

export function toWecomHeaders(
  raw: readonly string[],
  requestId: string,
  hasBody: boolean,
  trace: TraceContext | null,
): readonly string[] {
  const named = namedByConnection(raw);
  const kept = filtered(
    raw,
    (name) => !NOT_TO_WECOM.has(name) && !named.has(name) && (hasBody || !OF_A_BODY.has(name)),
  );
  return [...kept, 'x-request-id', requestId, ...toTraceHeaders(trace)];
}

/** @param raw as undici gives them. */
export function toCallerHeaders(raw: readonly Buffer[]): readonly string[] {
  const texts = raw.map((item) => item.toString('latin1'));
  const named = namedByConnection(texts);
  return filtered(texts, (name) => !NOT_TO_CALLER.has(name) && !named.has(name) && !name.startsWith(OF_CORS));
}

/** @returns `''` where there is none. */
export function headerOf(headers: readonly string[], wanted: string): string {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === wanted) return headers[index + 1] ?? '';
  }
  return '';
}

/** Further names that the header Connection, which may come in several lines, says are of this connection alone. */
function namedByConnection(headers: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'connection') continue;
    for (const name of headers[index + 1]?.split(',') ?? []) names.add(name.trim().toLowerCase());
  }
  return names;
}

function filtered(headers: readonly string[], isKept: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (isKept(name.toLowerCase())) kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}
