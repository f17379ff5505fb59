/** Requests that take their time; what holds a socket is answered or closed within the documented limit. */
import type { Draw } from '../draw.js';
import type { Input } from '../input.js';
import { rawInput } from './raw-http.js';

/** README, Limits: 10 s for the headers and 60 s for all of a request. */
const HEADERS_LIMIT_MS = 10_000;
const REQUEST_LIMIT_MS = 60_000;
/** A second of them is the manager's, which looks so often; nothing may hang longer than that. */
const LATE_MS = 5_000;
/** Between two parts. */
export const PAUSE_MS = 500;

const HEAD = 'POST /callback/wwfuzz1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n';
const BODY = `${HEAD}Content-Length: 1000\r\n\r\n`;

const HEADS: Readonly<Record<string, (draw: Draw) => readonly string[]>> = {
  'nothing at all': () => [],
  'half a request line': (draw) => [HEAD.slice(0, 1 + draw.below(30))],
  'half a head': (draw) => [HEAD.slice(0, 40 + draw.below(30))],
  'headers without end': () => [HEAD, ...Array.from({ length: 199 }, (_, index) => `X${index}: y\r\n`)],
  'byte after byte': () => [...HEAD.repeat(3)],
};
const BODIES: typeof HEADS = {
  'half a body': () => [BODY, '<xml>'],
  'a body byte after byte': () => [BODY, ...'<xml>'.repeat(60)],
  'chunks byte after byte': () => [
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    ...Array.from({ length: 300 }, () => '1\r\nx\r\n'),
  ],
};

/** Breaks off in the head. */
export function slowHead(draw: Draw): Input {
  return slow(draw, HEADS, HEADERS_LIMIT_MS);
}

/** Breaks off anywhere, for which a short run has no time. */
export function slowAnywhere(draw: Draw): Input {
  return draw.isOneIn(4) ? slow(draw, BODIES, REQUEST_LIMIT_MS) : slowHead(draw);
}

function slow(draw: Draw, shapes: typeof HEADS, limitMs: number): Input {
  const shape = draw.pick(Object.keys(shapes));
  const parts = (shapes[shape]?.(draw) ?? []).map((part) => Buffer.from(part));
  return rawInput('slow', shape, parts, { mayStaySilent: true, limitMs: limitMs + LATE_MS });
}
