import { expect, it } from '@jest/globals';
import { newApp } from '../../test/support/wecom.js';
import { Secret } from '../kernel/secret.js';
import { WecomCiphers } from './wecom-ciphers.js';

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
