/** What can be done to any bytes or text, whatever they mean. */
import fc from 'fast-check';
import type { Draw } from './draw.js';

/** Bytes that parsers stumble over. */
const ODD_BYTES = [
  0x00, 0x01, 0x08, 0x0a, 0x0b, 0x0d, 0x1b, 0x20, 0x22, 0x25, 0x26, 0x3c, 0x7f, 0x80, 0xc0, 0xff,
];

/** Texts that mean something to somebody: parsers, shells, templates, file systems, prototypes. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\u0000\u0001',
  '\ufeff',
  '\u2028\u2029',
  '\u202eabc',
  '\ud83d\ude00'.repeat(8),
  'e\u0301'.repeat(16),
  'İıſK',
  'null',
  'undefined',
  'NaN',
  'true',
  '-1',
  '1e309',
  '9'.repeat(40),
  '../../../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%zz',
  '%u0041',
  '{{7*7}}',
  '$where',
  '{"$gt":""}',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '<!--',
  ']]>',
  '\r\nX-Injected: yes\r\n\r\n',
  '\n',
  '\t',
  'a'.repeat(1_000),
];

/** Where, how many bytes are lost (or all), and what comes there; `null`: what was lost, twice. */
const cuts = () =>
  fc.array(
    fc.tuple(
      fc.noBias(fc.nat(0xffff)),
      fc.oneof({ arbitrary: fc.nat(16), weight: 6 }, fc.constant(Infinity)),
      fc.oneof(
        fc.uint8Array({ maxLength: 16 }),
        fc.constantFrom(...ODD_BYTES).map((byte) => Buffer.from([byte])),
        fc.constantFrom(...ODD_TEXTS).map((text) => Buffer.from(text)),
        fc.constant(null),
      ),
    ),
    { minLength: 1, maxLength: 4 },
  );

/** A few changes, one after the other. */
export function mangled(draw: Draw, bytes: Buffer): Buffer {
  return draw.of(cuts).reduce((before, [place, lost, put]) => {
    const at = place % (before.length + 1);
    const part = before.subarray(at, at + lost);
    const replaced = put === null ? Buffer.concat([part, part]) : put;
    return Buffer.concat([before.subarray(0, at), replaced, before.subarray(at + part.length)]);
  }, bytes);
}
