/** Why an event waits that was never tried. */
import { expect, it } from '@jest/globals';
import type { HintAnswer } from '../src/api/answers.gen.js';
import { english } from '../src/i18n/english.js';
import { untriedWords } from '../src/pages/waiting/untried.js';

type Stage = NonNullable<HintAnswer['lastFailure']>['stage'];
const { untried } = english.outbox;

function words(stage: Stage, changes: Partial<Pick<HintAnswer, 'state' | 'attempts'>> = {}): string | null {
  const lastFailure = { stage, reason: '', status: null, at: '2026-01-31T08:00:00.000Z' };
  return untriedWords({ state: 'waiting', attempts: 0, lastFailure, ...changes }, english.outbox);
}

it('says why it was kept without an attempt', () => {
  expect(words('circuit')).toBe(untried.circuit);
  expect(words('unregistered', { state: 'parked' })).toBe(untried.unregistered);
  expect(words('offline')).toBe(untried.offline);
});

it('says that its bot failed before where only an earlier event was tried', () => {
  expect(words('status')).toBe(untried.before);
});

it('leaves the number of those that were tried, and of what is tried no more', () => {
  expect(words('status', { attempts: 3 })).toBeNull();
  expect(words('endpoint', { state: 'dead' })).toBeNull();
  expect(untriedWords({ state: 'waiting', attempts: 0, lastFailure: null }, english.outbox)).toBeNull();
});
