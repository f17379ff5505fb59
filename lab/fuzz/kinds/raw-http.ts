/**
 * HTTP below its own rules, as far as it reaches our code: what Node's parser refuses gets our answer, what it takes
 * our gate and router see. Where two parsers could disagree on where a request ends, a marked one stands in what
 * the strict one takes for a body, or behind what it refuses.
 */
import type { Draw } from '../draw.js';
import { requestBytes } from '../http-request.js';
import { ANSWER_LIMIT_MS, type Input, POISON } from '../input.js';
import { mangled } from '../mutations.js';

type Options = Partial<Omit<Input, 'kind' | 'shape' | 'parts'>>;
type Made = readonly [bytes: string | Buffer, options?: Options];
type Make = (draw: Draw) => Made;

const poison = `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nx-request-id: ${POISON}\r\n\r\n`;
const path = '/callback/wwfuzz1';
const post = (lines: string, after = '') =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n\r\n${after}`;
const get = (lines: string, after = '') =>
  `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n\r\n${after}`;
/** `text` as one chunk and the end. */
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
const silent: Options = { mayStaySilent: true };

/** What Node's parser refuses, in whatever form: the answer is ours (`clientErrorHandler`). */
const REFUSED = [
  post('Content-Length: -1', poison),
  post('Content-Length: 5, 6', poison),
  post('Content-Length: 18446744073709551617', poison),
  post('Transfer-Encoding: xchunked', `0\r\n\r\n${poison}`),
  post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${poison}`),
  post('Transfer-Encoding: chunked', `0x5\r\nhello\r\n0\r\n\r\n${poison}`),
  post('Transfer-Encoding: chunked', `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n${poison}`),
  get('X : a'),
  get('X: a\nY: b'),
  'FOO / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /health/live HTTP/9.9\r\nHost: x\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
];

const SHAPES: Readonly<Record<string, Make>> = {
  'what Node refuses': (draw) => [draw.pick(REFUSED), silent],
  'pipelined behind what Node refuses': (draw) => [draw.pick(REFUSED) + poison, silent],
  'Content-Length twice': (draw) => [
    post(
      `Content-Length: ${draw.pick([0, 5, poison.length])}\r\nContent-Length: ${draw.pick([0, 6, poison.length])}`,
      poison,
    ),
  ],
  'Transfer-Encoding and Content-Length': (draw) => {
    const length = `Content-Length: ${draw.pick([0, 4, 5, 6, poison.length, poison.length + 5])}`;
    const coding = `${draw.pick(['Transfer-Encoding', 'TRANSFER-ENCODING'])}: ${draw.pick(['chunked', 'Chunked'])}`;
    const lines = draw.isOneIn(2) ? [length, coding] : [coding, length];
    return [post(lines.join('\r\n'), draw.pick(['0\r\n\r\n', '1\r\nx\r\n0\r\n\r\n', '']) + poison)];
  },
  'a body on a request that is answered early': (draw) => [
    `${draw.pick(['POST /nothing', 'POST /puppetWxkfManager/register', 'DELETE /callback/wwfuzz1', 'GET /health/live', 'PUT /', 'POST /puppetWxkfManager/wxkfRequestProxy/kf/sync_msg', 'HEAD /nothing'])} HTTP/1.1\r\nHost: x\r\n${
      draw.isOneIn(2)
        ? `Content-Length: ${poison.length}\r\n\r\n${poison}`
        : `Transfer-Encoding: chunked\r\n\r\n${chunked(poison)}`
    }`,
    { errors: 'either' },
  ],
  'headers that we read': (draw) => [
    get(
      draw.pick([
        'Host: other',
        'Host: ',
        'X-Forwarded-For: ::::',
        'Forwarded: for=""',
        'x-request-id: \t',
        `x-request-id: ${'é'.repeat(300)}`,
        'Authorization: \t',
        'Cookie: =; ;;=a; wxkf=%zz',
        'Origin: null',
        'If-None-Match: ,,"',
        'Range: bytes=9-1,-',
        'Accept-Encoding: ;q=x, *;q=-1',
      ]),
    ),
    silent,
  ],
  'targets that are no path': (draw) => [
    `${draw.pick([
      'GET http://127.0.0.1/health/live',
      'GET http://',
      'GET https://user:password@other/callback/x',
      'GET other:443',
      'OPTIONS *',
      'GET *',
      'GET ?',
      'GET #',
      'GET //other/health',
      'GET javascript:alert(1)',
      'GET /\x7f\x80',
    ])} HTTP/1.${draw.pick([1, 0])}\r\nHost: 127.0.0.1\r\n\r\n`,
    { ...silent, errors: 'either' },
  ],
  'CONNECT and upgrades': (draw) => [
    draw.pick([
      'CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n',
      `CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n${poison}`,
      get('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
      get('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13'),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    ]),
    silent,
  ],
  'very many headers': (draw) => [
    get(Array.from({ length: 1 + draw.below(3_000) }, (_, index) => `h${index}: v`).join('\r\n')),
    silent,
  ],
  'oversize headers': (draw) => [
    get(
      `${draw.pick(['X', 'Cookie', 'Authorization', 'x-request-id', 'Content-Type', 'y'.repeat(9_000)])}: ${'y'.repeat(draw.pick([8_000, 16_300, 17_000, 70_000]))}`,
    ),
    silent,
  ],
  pipelined: (draw) => {
    const count = 2 + draw.below(12);
    const one = draw.pick([
      get('X: y'),
      requestBytes({ target: path, body: '<xml/>' }).toString(),
      requestBytes({ target: '/nothing', body: 'x' }).toString(),
      requestBytes({ method: 'GET', target: '/health' }).toString(),
    ]);
    return [one.repeat(count), { answersMax: count }];
  },
  expectations: (draw) => [
    post(
      `Content-Length: 6\r\nExpect: ${draw.pick(['100-continue', '100-CONTINUE', '100-continue, x', 'x', ''])}`,
      '<xml/>',
    ),
  ],
  'half a body': (draw) => [
    post(
      draw.pick(['Content-Length: 1000', 'Transfer-Encoding: chunked']),
      draw.pick(['', '<xml>', '3e8\r\n<xml>']),
    ),
    { ...silent, afterwards: draw.pick(['cuts', 'half-closes']) },
  ],
  'half a head': (draw) => {
    const whole = requestBytes({ target: path, headers: { 'Content-Type': 'text/xml' }, body: '<xml/>' });
    return [
      whole.subarray(0, draw.below(whole.length)),
      { ...silent, afterwards: draw.pick(['cuts', 'half-closes']) },
    ];
  },
  'early close': () => [requestBytes({ target: path, body: '<xml/>' }), { ...silent, afterwards: 'cuts' }],
  mangled: (draw) => {
    const whole = requestBytes({
      target: path,
      headers: { 'Content-Type': 'text/xml', 'X-Y': 'z' },
      body: '<xml></xml>',
    });
    return [mangled(draw, whole), { ...silent, answersMax: 3, afterwards: 'half-closes', errors: 'either' }];
  },
};

export function rawHttp(draw: Draw): Input {
  const shape = draw.pick(Object.keys(SHAPES));
  const [bytes, options] = (SHAPES[shape] as Make)(draw);
  return rawInput('raw', shape, [typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes], options);
}

export function rawInput(
  kind: 'raw' | 'slow',
  shape: string,
  parts: readonly Buffer[],
  options: Options = {},
): Input {
  return {
    kind,
    shape,
    parts,
    errors: 'ours',
    answersMax: 1,
    mayStaySilent: false,
    afterwards: 'answers',
    limitMs: ANSWER_LIMIT_MS,
    isHead: parts[0]?.subarray(0, 5).toString() === 'HEAD ',
    isFramed: false,
    ...options,
  };
}
