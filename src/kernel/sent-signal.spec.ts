import { expect, it } from '@jest/globals';
import { onceEach, PASSED_ON_MS } from './sent-signal.js';

it.each(['SIGINT', 'SIGTERM'] as const)(
  'takes %s from the terminal or a service manager, which npm passes on, for one',
  (signal) => {
    const taken: string[] = [];
    let nowMs = 1_000;
    const listener = onceEach(
      (one) => void taken.push(one),
      () => nowMs,
    );
    listener(signal);
    nowMs += PASSED_ON_MS - 1;
    listener(signal);
    expect(taken).toEqual([signal]);
    nowMs += 1;
    listener(signal);
    expect(taken).toEqual([signal, signal]);
  },
);

it('takes another signal at once', () => {
  const taken: string[] = [];
  const listener = onceEach(
    (one) => void taken.push(one),
    () => 1_000,
  );
  listener('SIGTERM');
  listener('SIGINT');
  expect(taken).toEqual(['SIGTERM', 'SIGINT']);
});
