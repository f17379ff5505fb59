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

/** @param long whether there is time for bodies too. */
export function slow(draw: Draw, long: boolean): Input {
  const heads: Readonly<Record<string, readonly string[]>> = {
    'nothing at all': [],
    'half a request line': [HEAD.slice(0, 1 + draw.below(30))],
    'half a head': [HEAD.slice(0, 40 + draw.below(30))],
    'headers without end': Array.from({ length: 200 }, (_, index) =>
      index === 0 ? HEAD : `X${index}: y\r\n`,
    ),
    'byte after byte': [...HEAD.repeat(3)],
  };
  const bodies: Readonly<Record<string, readonly string[]>> = {
    'half a body': [BODY, '<xml>'],
    'a body byte after byte': [BODY, ...'<xml>'.repeat(60)],
    'chunks byte after byte': [
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
      ...Array.from({ length: 300 }, () => '1\r\nx\r\n'),
    ],
  };
  const isBody = long && draw.isOneIn(4);
  const shapes = isBody ? bodies : heads;
  const shape = draw.pick(Object.keys(shapes));
  const parts = (shapes[shape] ?? []).map((part) => Buffer.from(part));
  const limitMs = (isBody ? REQUEST_LIMIT_MS : HEADERS_LIMIT_MS) + LATE_MS;
  return rawInput('slow', shape, parts, { mayStaySilent: true, limitMs });
}
