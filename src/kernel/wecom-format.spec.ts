import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { ECHO_FORMAT } from './wecom-format.js';

interface Vector {
  readonly name: string;
  readonly kind: string;
  readonly plaintext: string;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('../../test/vectors/wecom-callback-vectors.json', import.meta.url), 'utf8'),
) as readonly Vector[];

it.each(VECTORS)('of what was published, an echo is what WeCom sent as one: $name', ({ kind, plaintext }) => {
  expect(ECHO_FORMAT.pattern.test(plaintext)).toBe(kind === 'echostr');
});
