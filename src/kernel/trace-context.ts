/**
 * W3C Trace Context (www.w3.org/TR/trace-context-2): the trace that a request belongs to, read from its headers.
 * Parsed strictly and passed on unchanged; an invalid header counts as absent.
 */

/** As in Node: the values of a repeated header are joined. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface TraceContext {
  /** Version 00, so 55 characters. */
  readonly traceparent: string;
  /** Other systems' own words about the trace; `null` where there are none. */
  readonly tracestate: string | null;
}

const TRACEPARENT =
  /^(?<version>[\da-f]{2})-(?<ids>(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/;
const SAMPLED = 0x01;

/** A longer one need not be passed on (3.3.1.5). */
const TRACESTATE_LENGTH_MAX = 512;
const MEMBERS_MAX = 32;
const MEMBER = /^(?<key>[a-z\d][a-z\d_*/@-]{0,255})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** @returns `null` where the headers name no trace, or are not valid. */
export function readTraceContext(headers: Headers): TraceContext | null {
  if (headers.traceparent === undefined) return null;
  const traceparent = readTraceparent(headers.traceparent);
  return traceparent === null ? null : { traceparent, tracestate: readTracestate(headers.tracestate) };
}

/**
 * @returns the value to pass on: of a later version only the part that version 00 knows (4.2); `null` when it is
 * invalid.
 */
export function readTraceparent(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const { version, ids, flags = '', more } = TRACEPARENT.exec(value)?.groups ?? {};
  if (version === undefined || version === 'ff') return null;
  if (version === '00') return more === undefined ? value : null;
  return `00-${ids}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

/** @returns `null` also for an empty value. */
function readTracestate(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > TRACESTATE_LENGTH_MAX) return null;
  const members = value.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const keys = members.filter((member) => member !== '').map((member) => MEMBER.exec(member)?.groups?.key);
  const isGood =
    keys.length <= MEMBERS_MAX && !keys.includes(undefined) && new Set(keys).size === keys.length;
  return isGood && keys.length > 0 ? value : null;
}

export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

const NO_HEADERS: readonly string[] = [];

/** Names and values in turn, for a request that belongs to the trace. */
export function toTraceHeaders(context: TraceContext | null): readonly string[] {
  if (context === null) return NO_HEADERS;
  const { traceparent, tracestate } = context;
  return tracestate === null
    ? ['traceparent', traceparent]
    : ['traceparent', traceparent, 'tracestate', tracestate];
}
