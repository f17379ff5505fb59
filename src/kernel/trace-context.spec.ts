import { expect, it } from '@jest/globals';
import { readTraceContext, readTraceparent, toTraceHeaders, traceIdOf } from './trace-context.js';

/** Those of the specification's examples. */
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const GOOD = `00-${TRACE}-${PARENT}-01`;

it.each([
  GOOD,
  `00-${TRACE}-${PARENT}-00`,
  `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`,
  // Flags of level 2 and later.
  `00-${TRACE}-${PARENT}-03`,
  `00-${TRACE}-${PARENT}-ff`,
])('takes %s as it is', (traceparent) => {
  expect(readTraceparent(traceparent)).toBe(traceparent);
  expect(traceIdOf(traceparent)).toBe(traceparent.slice(3, -20));
});

it.each([
  ['01', `01-${TRACE}-${PARENT}-01`],
  ['cc, with more after it', `cc-${TRACE}-${PARENT}-01-what-will-be`],
  ['cc, with nothing after a dash', `cc-${TRACE}-${PARENT}-01-`],
  ['fe, with flags that nobody knows', `fe-${TRACE}-${PARENT}-fd`],
])('takes of version %s what this version knows of it', (_what, traceparent) => {
  expect(readTraceparent(traceparent)).toBe(GOOD);
});

it.each([
  ['nothing', ''],
  ['version ff', `ff-${TRACE}-${PARENT}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a later version with a trace id of zeros', `01-${'0'.repeat(32)}-${PARENT}-01`],
  ['more after version 00', `${GOOD}-what-will-be`],
  ['a dash at the end of version 00', `${GOOD}-`],
  ['more without a dash after a later version', `cc-${TRACE}-${PARENT}-01.what`],
  ['capitals', GOOD.toUpperCase()],
  ['one capital', `00-${TRACE}-${PARENT.replace('f', 'F')}-01`],
  ['a trace id that is too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['a trace id that is too long', `00-0${TRACE}-${PARENT}-01`],
  ['a parent id that is too short', `00-${TRACE}-${PARENT.slice(1)}-01`],
  ['a parent id that is too long', `00-${TRACE}-0${PARENT}-01`],
  ['flags that are too short', `00-${TRACE}-${PARENT}-1`],
  ['flags that are too long', `00-${TRACE}-${PARENT}-001`],
  ['no flags', `00-${TRACE}-${PARENT}`],
  ['a version that is too long', `000-${TRACE}-${PARENT}-01`],
  ['a version that is too short', `0-${TRACE}-${PARENT}-01`],
  ['what is not hexadecimal', `00-${TRACE.replace('b', 'g')}-${PARENT}-01`],
  ['dots for dashes', GOOD.replaceAll('-', '.')],
  ['blanks around it', ` ${GOOD} `],
  ['a line break after it', `${GOOD}\n`],
  ['the header twice, as Node joins it', `${GOOD}, ${GOOD}`],
])('takes %s for no trace', (_what, traceparent) => {
  expect(readTraceparent(traceparent)).toBeNull();
  expect(readTraceContext({ traceparent, tracestate: 'a=1' })).toBeNull();
});

it('takes what is no text for no trace', () => {
  expect([undefined, null, 7, [GOOD], { GOOD }].map(readTraceparent)).toEqual(Array(5).fill(null));
});

const stateOf = (tracestate: string) => readTraceContext({ traceparent: GOOD, tracestate })?.tracestate;
const listOf = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`).join(',');

it.each([
  'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  'a=1, b=2\t,c=3',
  'a=1,,b=2,',
  `${'k'.repeat(256)}=v`,
  'fw529a3039@dt=FfAxxxx',
  '0a_-*/=!#$%&*+-./:;<>?@[]^_`{|}~ "\'()',
  `a=${'v'.repeat(256)}`,
  listOf(32),
])('passes a tracestate on as it is: %s', (tracestate) => expect(stateOf(tracestate)).toBe(tracestate));

it.each([
  ['empty', ''],
  ['of commas alone', ',,'],
  ['with a key in capitals', 'Rojo=1'],
  ['with no key', '=1'],
  ['with no value', 'a='],
  ['with no sign', 'a'],
  ['with two signs', 'a=1=2'],
  ['with a blank in a key', 'a b=1'],
  ['with a blank after a key', 'a =1'],
  ['with a key twice', 'a=1,b=2,a=3'],
  ['with one bad entry', 'a=1,B=2'],
  ['with letters of no ASCII', 'a=é'],
  ['with a control character', 'a=\u0001'],
  ['with a key that is too long', `${'k'.repeat(257)}=v`],
  ['with a value that is too long', `a=${'v'.repeat(257)}`],
  ['with more than 32 entries', listOf(33)],
  ['longer than 512 characters', `a=${'v'.repeat(256)},b=${'v'.repeat(252)}`],
])('leaves a tracestate out that is %s, and keeps the trace', (_what, tracestate) => {
  expect(readTraceContext({ traceparent: GOOD, tracestate })).toEqual({
    traceparent: GOOD,
    tracestate: null,
  });
});

it('takes a tracestate without a trace for nothing', () => {
  expect(readTraceContext({ tracestate: 'a=1' })).toBeNull();
  expect(readTraceContext({})).toBeNull();
});

it('writes headers of what there is', () => {
  expect(toTraceHeaders(null)).toEqual([]);
  expect(toTraceHeaders({ traceparent: GOOD, tracestate: null })).toEqual(['traceparent', GOOD]);
  expect(toTraceHeaders({ traceparent: GOOD, tracestate: 'a=1' })).toEqual([
    ...['traceparent', GOOD],
    ...['tracestate', 'a=1'],
  ]);
});
