import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import type { Message } from '../../storage/queue/message.js';
import { EarlierAttempts } from './earlier-attempts.js';

function message(fields: Partial<Message> = {}): Message {
  return {
    ...{ corpId: 'wwCorp_1', openKfId: 'wkAccount-1', msgid: 'm1', lane: 'customer-1', seq: 1 },
    ...{ skip: 0, page: { appId: 'app-1', cursor: '' } },
    ...{ type: 'text', origin: 3, sentAtMs: 0, content: new Secret('{}') },
    ...{ state: 'waiting', storedAtMs: 0, attempts: 0, refusals: 0, step: 0, dueAtMs: 0, lastFailure: null },
    ...fields,
  };
}

const begun = { msgid: 'm1', attempt: 3, isAnswered: false, isPulled: false, untilMs: 60_000 };

const TRIED = { attempts: 1, lastFailure: { atMs: 0, stage: 'connect', reason: 'no connection' } } as const;

describe('where it is known what was begun', () => {
  it('that message has had its attempt, however often its process died', () => {
    for (const isInDoubt of [false, true])
      expect(new EarlierAttempts(begun, isInDoubt).latestOf(message(), 'account')).toBe(3);
  });

  it('attempts that have ended count where they are more', () => {
    expect(new EarlierAttempts(begun, false).latestOf(message({ attempts: 4 }), 'account')).toBe(4);
  });

  it('no other message has had one', () => {
    const earlier = new EarlierAttempts(begun, false);
    expect(earlier.latestOf(message({ msgid: 'm2' }), 'customer')).toBe(0);
    expect(earlier.latestOf(message(), 'customer')).toBe(3);
  });

  it('the doubt stays while all others wait for that one to be pulled', () => {
    const earlier = new EarlierAttempts({ ...begun, isAnswered: true }, true);
    earlier.noneIsDue(begun.untilMs - 1);
    expect(earlier.isInDoubt).toBe(true);
    earlier.noneIsDue(begun.untilMs);
    expect(earlier.isInDoubt).toBe(false);
  });
});

describe('after a turn that ended without a word', () => {
  it('the first message of the account may have had one', () => {
    const earlier = new EarlierAttempts(null, true);
    expect(earlier.latestOf(message(TRIED), 'account')).toBe(2);
    expect(earlier.isInDoubt).toBe(false);
    expect(earlier.latestOf(message({ msgid: 'm2', lane: 'customer-2' }), 'account')).toBe(0);
  });

  it('each that failed before may have had one, and the first that was never tried', () => {
    const earlier = new EarlierAttempts(null, true);
    expect(earlier.latestOf(message(TRIED), 'customer')).toBe(2);
    // A place was missing, or it was withdrawn.
    const putOff = { msgid: 'm2', lane: 'customer-2', lastFailure: TRIED.lastFailure };
    expect(earlier.latestOf(message(putOff), 'customer')).toBe(1);
    expect(earlier.isInDoubt).toBe(true);
    expect(earlier.latestOf(message({ msgid: 'm3', lane: 'customer-3' }), 'customer')).toBe(1);
    expect(earlier.isInDoubt).toBe(false);
    expect(earlier.latestOf(message({ msgid: 'm4', lane: 'customer-4' }), 'customer')).toBe(0);
  });

  it('what was never tried has had none once nothing was due', () => {
    const earlier = new EarlierAttempts(null, true);
    earlier.noneIsDue(0);
    expect(earlier.latestOf(message(), 'customer')).toBe(0);
  });
});

it('otherwise there was none', () => {
  expect(new EarlierAttempts(null, false).latestOf(message({ attempts: 2 }), 'account')).toBe(2);
});
