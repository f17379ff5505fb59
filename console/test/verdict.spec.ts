/** Whether customers are being answered, as the console concludes it from the manager's status. */
import { describe, expect, it } from '@jest/globals';
import { findingsOf } from '../src/pages/overview/verdict.js';
import type { StatusAnswer } from '../src/api/answers.gen.js';

type Changes = { readonly [Part in 'counts' | 'lastMinute' | 'storage']?: Partial<StatusAnswer[Part]> } & {
  readonly oldestMessageAgeS?: number | null;
};

function status(
  { counts, lastMinute, storage, oldestMessageAgeS = null }: Changes = {},
  ready = true,
): StatusAnswer {
  return {
    version: '2.0.0',
    node: '24.21.0',
    replica: 'one',
    startedAt: '2026-01-01T00:00:00.000Z',
    uptimeS: 60,
    ready,
    storage: { kind: 'embedded', up: true, ...storage },
    counts: {
      accounts: 2,
      online: 2,
      waiting: 0,
      parked: 0,
      dead: 0,
      unreadable: 0,
      waitingMessages: 0,
      deadMessages: 0,
      openCircuits: 0,
      ...counts,
    },
    oldestWaitingAgeS: null,
    oldestMessageAgeS,
    lastMinute: {
      callbacks: 5,
      delivered: 5,
      kept: 0,
      refused: 0,
      notTaken: 0,
      failedAttempts: 0,
      tokenRequests: 0,
      proxyCalls: 0,
      ...lastMinute,
    },
  };
}

describe('the verdict', () => {
  it('is good while everything that comes in is taken', () => {
    expect(findingsOf(status(), 100)).toEqual(['answered']);
    expect(findingsOf(status({ lastMinute: { callbacks: 0 } }), 100)).toEqual(['answered']);
  });

  it('is not good where nothing came in, and not bad while that is not known', () => {
    expect(findingsOf(status({ lastMinute: { callbacks: 0 } }), 0)).toEqual(['quiet']);
    expect(findingsOf(status({ lastMinute: { callbacks: 0 } }), null)).toEqual(['answered']);
  });

  it('names everything that is wrong, the worst first', () => {
    const counts = {
      waiting: 1,
      parked: 1,
      dead: 1,
      unreadable: 1,
      waitingMessages: 1,
      deadMessages: 1,
      openCircuits: 1,
    };
    const lastMinute = { refused: 1, notTaken: 1 };
    expect(
      findingsOf(status({ counts, lastMinute, storage: { up: false }, oldestMessageAgeS: 60 }, false), 9),
    ).toEqual([
      'notReady',
      'storeDown',
      'notTaken',
      'dead',
      'deadMessages',
      'waiting',
      'waitingMessages',
      'refused',
      'circuits',
      'unreadable',
      'parked',
    ]);
  });

  it('takes what the store does not tell for unknown, and not for nothing', () => {
    const counts = { waiting: null, parked: null, dead: null, unreadable: null };
    expect(findingsOf(status({ counts, storage: { up: false } }), 9)).toEqual(['storeDown']);
    expect(findingsOf(status({ counts }), 9)).toEqual(['unknown']);
    expect(findingsOf(status({ counts: { ...counts, waiting: 1 } }), 9)).toEqual(['waiting', 'unknown']);
  });

  it('is not that a message waits while it is only on its way', () => {
    const counts = { waitingMessages: 3 };
    expect(findingsOf(status({ counts, oldestMessageAgeS: 1 }), 9)).toEqual(['answered']);
    expect(findingsOf(status({ counts, oldestMessageAgeS: 11 }), 9)).toEqual(['waitingMessages']);
  });

  it('is bad while a callback is neither delivered nor kept, though nothing waits', () => {
    expect(findingsOf(status({ lastMinute: { notTaken: 1 } }), 9)).toEqual(['notTaken']);
  });

  it('says of a manager without accounts how to begin', () => {
    expect(findingsOf(status({ counts: { accounts: 0 } }), 0)).toEqual(['empty']);
  });
});
