/** What can be done to any bytes or text, whatever they mean. */
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

/** One change of the bytes: flipped, lost, doubled, put in, cut off, moved. */
export function changed(draw: Draw, bytes: Buffer): Buffer {
  const at = draw.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + draw.below(16));
  const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (draw.below(7)) {
    case 0:
      return Buffer.concat([before, part.map((byte) => byte ^ (1 << draw.below(8))), after]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, part, part, after]);
    case 3:
      return Buffer.concat([before, Buffer.from([draw.pick(ODD_BYTES)]), bytes.subarray(at)]);
    case 4:
      return before;
    case 5:
      return Buffer.concat([after, part, before]);
    default:
      return Buffer.concat([before, Buffer.from(draw.pick(ODD_TEXTS)), bytes.subarray(at)]);
  }
}

/** A few changes, one after the other. */
export function mangled(draw: Draw, bytes: Buffer): Buffer {
  let result = bytes;
  for (let left = 1 + draw.below(4); left > 0; left--) result = changed(draw, result);
  return result;
}
