import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { newApp } from '../../test/support/wecom.js';
import { Secret } from '../kernel/secret.js';
import { WecomCiphers } from './wecom-ciphers.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const newKey = () => new Secret(newApp().encodingAESKey);

it('keeps the cipher of a key, and 4,096 of them at the most, those that were last asked for', () => {
  const ciphers = new WecomCiphers();
  const [first, second] = [newKey(), newKey()];
  const [ofFirst, ofSecond] = [ciphers.of(first), ciphers.of(second)];
  for (let n = 2; n < 4_096; n++) ciphers.of(newKey());
  expect(ciphers.of(first)).toBe(ofFirst);
  ciphers.of(newKey());
  expect(ciphers.of(first)).toBe(ofFirst);
  expect(ciphers.of(second)).not.toBe(ofSecond);
});

it('opens with a cipher that was made again what the first one sealed', () => {
  const [key, ciphers] = [newKey(), new WecomCiphers()];
  const sealed = ciphers.of(key).seal('text', 'ww1');
  for (let n = 0; n < 4_096; n++) ciphers.of(newKey());
  expect(ciphers.of(key).open(sealed)).toEqual({ message: 'text', receiveId: 'ww1' });
});

it('holds on to none of the memory that other small buffers are cut from', async () => {
  const ciphers = new WecomCiphers();
  const keys = Array.from({ length: 1_000 }, newKey);
  gc();
  const before = process.memoryUsage().arrayBuffers;
  for (const key of keys) {
    ciphers.of(key);
    Buffer.from('x'.repeat(20_000));
  }
  // What is held on to never goes, some 20 MB here; the rest may take more than one collection.
  do {
    await new Promise(setImmediate);
    gc();
  } while (process.memoryUsage().arrayBuffers - before > 1_000_000);
  expect(ciphers.of(keys[0] ?? newKey())).toBeDefined();
});
