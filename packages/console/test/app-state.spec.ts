import { expect, it } from '@jest/globals';
import type { AppAnswer, CauseAnswer } from '../src/api/answers.gen.js';
import { stateOfApp, toneOfApp } from '../src/pages/apps/app-state.js';

const AT = '2026-01-31T08:00:00.000Z';
const app = (changes: Partial<AppAnswer>) =>
  ({ verifiedAt: AT, accounts: 1, bots: 0, lastDeliveryAt: AT, causes: [], ...changes }) as AppAnswer;
const refused = (severity: CauseAnswer['severity']) => [{ code: 'refused', severity } as CauseAnswer];

it('is the first step that an app has not taken', () => {
  expect(stateOfApp(app({ lastDeliveryAt: null, verifiedAt: null }))).toBe('unverified');
  expect(stateOfApp(app({ lastDeliveryAt: null, accounts: 0 }))).toBe('untaken');
  expect(stateOfApp(app({ lastDeliveryAt: null }))).toBe('undelivered');
  expect(stateOfApp(app({}))).toBe('working');
});

it('is never that it works while the overview says what is wrong with it, and as bad as there', () => {
  const [bad, wait] = [
    app({ causes: refused('bad') }),
    app({ causes: refused('wait'), lastDeliveryAt: null }),
  ];
  expect([stateOfApp(bad), toneOfApp(bad)]).toEqual(['troubled', 'bad']);
  expect([stateOfApp(wait), toneOfApp(wait)]).toEqual(['troubled', 'wait']);
});
