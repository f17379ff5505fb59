import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.js';

const VALUE = 'the-value-itself';
const secret = new Secret(VALUE);

describe('a secret is *** as', () => {
  it.each([
    ['text', String(secret)],
    ['part of a text', `${secret}`],
    ['part of a joined list', [secret].join()],
    ['message of an error', new Error(`${secret}`).message],
    ['JSON', JSON.parse(JSON.stringify(secret))],
    ['an inspected value', inspect(secret)],
    ['%s', format('%s', secret)],
    ['%o', format('%o', secret)],
    ['%O', format('%O', secret)],
    ['an argument that the format does not name', format(secret)],
  ])('%s', (_what, text) => expect(text).toBe('***'));

  it('%j', () => expect(format('%j', secret)).toBe('"***"'));
});

describe('the value is not shown', () => {
  const holder = {
    secret,
    list: [secret],
    map: new Map([[secret, secret]]),
    error: new Error('e', { cause: secret }),
  };

  it.each([
    ['in JSON of what holds it', JSON.stringify(holder)],
    ['in what holds it, inspected', inspect(holder, { depth: 9, showHidden: true })],
    [
      'to an inspection that asks for no favours',
      inspect(secret, { customInspect: false, showHidden: true }),
    ],
    ['by a copy', inspect({ ...secret, copy: structuredClone(secret) })],
    ['as a number', format('%d %i', secret, secret)],
    ['in the stack of an error', new Error(`${secret}`).stack],
  ])('%s', (_where, text) => expect(text).not.toContain(VALUE));
});

it('gives its value to who asks for it', () => expect(secret.reveal()).toBe(VALUE));

it('equals another of the same value only', () => {
  expect(secret.equals(new Secret(VALUE))).toBe(true);
  expect(secret.equals(new Secret(`${VALUE} `))).toBe(false);
});

it.each([
  ['the same', VALUE, true],
  ['longer', `${VALUE}!`, false],
  ['of the same length', VALUE.replace('t', 'T'), false],
  ['empty', '', false],
])('compared with one that is %s', (_what, other, isSame) => {
  expect(secret.matches(new Secret(other))).toBe(isSame);
});
