import { expect, it } from '@jest/globals';
import { headerOf, toCallerHeaders, toWecomHeaders } from './proxy-headers.js';

const toCaller = (raw: readonly string[]) => toCallerHeaders(raw.map((text) => Buffer.from(text, 'latin1')));

it('passes on what WeCom needs, in its order and case, each as often as it came', () => {
  const raw = [
    ...['Content-Type', 'multipart/form-data; boundary=x', 'RANGE', 'bytes=0-1'],
    ...['if-none-match', '"1"', 'If-None-Match', '"2"', 'User-Agent', 'bot/1'],
  ];
  expect(toWecomHeaders(raw, 'id-1', 'as sent', null)).toEqual([...raw, 'x-request-id', 'id-1']);
});

it.each([
  ['Host', 'manager:7777'],
  ['Transfer-Encoding', 'chunked'],
  ['TE', 'trailers'],
  ['Trailer', 'x'],
  ['Upgrade', 'h2c'],
  ['Expect', '100-continue'],
  ['Keep-Alive', 'timeout=5'],
  ['Connection', 'close'],
  ['Authorization', 'Bearer s3cret'],
  ['Proxy-Authorization', 'Basic x'],
  ['Cookie', 'session=1'],
  ['x-request-id', 'theirs'],
  ['X-Internal-Token', 'x'],
  ['X-Forwarded-For', '192.0.2.7'],
  ['Via', '1.1 gateway'],
  ['Baggage', 'user=1'],
  ['Origin', 'https://evil.example'],
  ['constructor', 'x'],
])('keeps from WeCom what is not of its list: %s', (name, value) => {
  const raw = [name, value, 'Accept', '*/*'];
  expect(toWecomHeaders(raw, 'ours', 'as sent', null)).toEqual(['Accept', '*/*', 'x-request-id', 'ours']);
});

it('keeps from WeCom what the caller says is of its connection, in however many lines', () => {
  const raw = [
    'Connection',
    'close, RANGE',
    'Range',
    'bytes=0-1',
    'Connection',
    'if-range',
    'If-Range',
    '"1"',
  ];
  expect(toWecomHeaders([...raw, 'Accept', '*/*'], 'id', 'as sent', null)).toEqual([
    ...['Accept', '*/*'],
    ...['x-request-id', 'id'],
  ]);
});

it('tells WeCom of the trace as it was read, in place of what came', () => {
  const raw = ['TraceParent', 'as it came', 'Tracestate', 'as it came', 'Accept', '*/*'];
  expect(toWecomHeaders(raw, 'id', 'as sent', null)).toEqual(['Accept', '*/*', 'x-request-id', 'id']);
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=1' };
  expect(toWecomHeaders(raw, 'id', 'as sent', trace).slice(4)).toEqual([
    ...['traceparent', trace.traceparent],
    ...['tracestate', trace.tracestate],
  ]);
});

it('tells WeCom of no body where none is sent', () => {
  const raw = ['Content-Length', '3', 'Content-Type', 'text/plain', 'Accept', '*/*'];
  expect(toWecomHeaders(raw, 'id', 'none', null)).toEqual(['Accept', '*/*', 'x-request-id', 'id']);
});

it('gives the caller what WeCom said of the bytes and of what failed, as it was written', () => {
  const raw = [
    ...['Content-TYPE', 'image/png', 'Content-Range', 'bytes 0-1/9', 'ETag', '"1"'],
    ...['Content-Disposition', 'attachment; filename="\xe4.png"'],
    ...['Error-Code', '40007', 'Error-Msg', 'invalid media_id', 'error-msg', 'again'],
  ];
  expect(toCaller(raw)).toEqual(raw);
});

it.each([
  'Set-Cookie',
  'Clear-Site-Data',
  'Location',
  'Refresh',
  'Link',
  'WWW-Authenticate',
  'Access-Control-Allow-Origin',
  'Content-Security-Policy',
  'X-Content-Type-Options',
  'Cache-Control',
  'Transfer-Encoding',
  'Keep-Alive',
  'Connection',
  'Trailer',
  'Server',
  'X-Request-Id',
  'X-Any',
])('gives the caller nothing else: %s', (name) => {
  expect(toCaller([name, 'x', 'Date', 'now'])).toEqual(['Date', 'now']);
});

it("keeps from the caller what was of WeCom's connection", () => {
  expect(toCaller(['Connection', 'keep-alive, ETag', 'etag', '"1"', 'Date', 'now'])).toEqual(['Date', 'now']);
});

it('finds a header in any case', () => {
  expect(headerOf(['Content-TYPE', 'a'], 'content-type')).toBe('a');
  expect(headerOf(['a', 'content-type'], 'content-type')).toBe('');
});
