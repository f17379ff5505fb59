import { expect, it } from '@jest/globals';
import { headerOf, toCallerHeaders, toWecomHeaders } from './proxy-headers.js';

it('passes on what WeCom needs, in its order and case, each as often as it came', () => {
  const raw = [
    'Content-Type',
    'multipart/form-data; boundary=x',
    'RANGE',
    'bytes=0-1',
    'x-a',
    '1',
    'X-A',
    '2',
  ];
  expect(toWecomHeaders(raw, 'id-1', true, null)).toEqual([...raw, 'x-request-id', 'id-1']);
});

it('keeps from WeCom what is of this connection or a credential for the manager', () => {
  const raw = [
    ...['Host', 'manager:7777', 'Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=5'],
    ...['Connection', 'X-Other-Hop', 'X-Other-Hop', '1'],
    ...[
      'Transfer-Encoding',
      'chunked',
      'TE',
      'trailers',
      'Trailer',
      'x',
      'Upgrade',
      'h2c',
      'Expect',
      '100-continue',
    ],
    ...['Authorization', 'Bearer s3cret', 'Proxy-Authorization', 'Basic x', 'Cookie', 'session=1'],
    ...['x-request-id', 'theirs', 'Accept', '*/*'],
  ];
  expect(toWecomHeaders(raw, 'ours', true, null)).toEqual(['Accept', '*/*', 'x-request-id', 'ours']);
});

it('tells WeCom of the trace as it was read, in place of what came', () => {
  const raw = ['TraceParent', 'as it came', 'Tracestate', 'as it came', 'Accept', '*/*'];
  expect(toWecomHeaders(raw, 'id', true, null)).toEqual(['Accept', '*/*', 'x-request-id', 'id']);
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a=1' };
  expect(toWecomHeaders(raw, 'id', true, trace).slice(4)).toEqual([
    ...['traceparent', trace.traceparent],
    ...['tracestate', trace.tracestate],
  ]);
});

it('tells WeCom of no body where none is sent', () => {
  const raw = ['Content-Length', '3', 'Content-Type', 'text/plain', 'Accept', '*/*'];
  expect(toWecomHeaders(raw, 'id', false, null)).toEqual(['Accept', '*/*', 'x-request-id', 'id']);
});

it('gives the caller what WeCom said but for what was of its connection', () => {
  const raw = [
    ...[
      'Content-Type',
      'image/png',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Content-Range',
      'bytes 0-1/9',
    ],
    ...[
      'Connection',
      'keep-alive, X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      'timeout=5',
      'Transfer-Encoding',
      'chunked',
    ],
    ...['X-Request-Id', 'of-wecom', 'Content-Disposition', 'attachment; filename="\xe4.png"'],
  ].map((text) => Buffer.from(text, 'latin1'));
  expect(toCallerHeaders(raw)).toEqual([
    ...[
      'Content-Type',
      'image/png',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Content-Range',
      'bytes 0-1/9',
    ],
    ...['Content-Disposition', 'attachment; filename="\xe4.png"'],
  ]);
});

it('gives no page of another site what WeCom would let it read', () => {
  const raw = ['Access-Control-Allow-Origin', '*', 'access-control-max-age', '1', 'X-Access-Control', '1'];
  expect(toCallerHeaders(raw.map((text) => Buffer.from(text)))).toEqual(['X-Access-Control', '1']);
});

it('finds a header in any case', () => {
  expect(headerOf(['Content-TYPE', 'a'], 'content-type')).toBe('a');
  expect(headerOf(['a', 'content-type'], 'content-type')).toBe('');
});
