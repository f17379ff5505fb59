import { describe, expect, it } from '@jest/globals';
import type { CallTrouble } from '../wecom/call-outcomes.js';
import type { StatusAnswer } from './answers/status.dto.js';
import { CAUSES } from './answers/verdict.dto.js';
import { causesOf } from './causes.js';

type Status = Omit<StatusAnswer, 'verdict'>;
type Changes = { readonly [Part in 'counts' | 'lastMinute' | 'storage']?: Partial<Status[Part]> } & Partial<
  Pick<Status, 'ready' | 'oldestWaitingAgeS' | 'oldestMessageAgeS' | 'oldestParkedAgeS'>
>;

const NOW_MS = Date.UTC(2026, 0, 1, 6, 56);
const NONE = { waiting: 0, parked: 0, dead: 0, unreadable: 0, waitingMessages: 0, deadMessages: 0 };
const MINUTE = { callbacks: 5, delivered: 5, kept: 0, refused: 0, notTaken: 0, failedAttempts: 0 };

function status({ counts, lastMinute, storage, ...others }: Changes = {}): Status {
  return {
    version: '2.0.0',
    node: '24.21.0',
    replica: 'one',
    startedAt: '2026-01-01T00:00:00.000Z',
    uptimeS: 60,
    ready: true,
    storage: { kind: 'embedded', up: true, ...storage },
    counts: { accounts: 2, online: 2, ...NONE, openCircuits: 0, ...counts },
    oldestWaitingAgeS: null,
    oldestParkedAgeS: null,
    oldestMessageAgeS: null,
    lastMinute: { ...MINUTE, tokenRequests: 0, proxyCalls: 0, unansweredCalls: 0, ...lastMinute },
    ...others,
  };
}

function trouble(changes: Partial<CallTrouble> = {}): CallTrouble {
  return { corpId: 'ww1', openKfId: null, operation: 'call', why: '60020', sinceMs: 0, ...changes };
}

const codes = (changes: Changes) => causesOf(status(changes), [], [], NOW_MS).map(({ code }) => code);

describe('the causes', () => {
  it('are none while everything goes well', () => {
    expect(codes({})).toEqual([]);
  });

  it('are all that is wrong, the worst first', () => {
    const counts = {
      ...{ waiting: 1, parked: 1, dead: 1, unreadable: 1, waitingMessages: 1, deadMessages: 1 },
      openCircuits: 1,
    };
    const all = causesOf(
      status({
        counts,
        lastMinute: { refused: 1, notTaken: 1 },
        storage: { up: false },
        ready: false,
        oldestWaitingAgeS: 60,
        oldestMessageAgeS: 60,
        oldestParkedAgeS: 60,
      }),
      [trouble()],
      [trouble({ openKfId: 'wk1' })],
      NOW_MS,
    ).map(({ code }) => code);
    expect(all).toEqual(CAUSES.filter((code) => code !== 'calls_unanswered' && code !== 'unknown'));
  });

  it('take what the store does not tell for unknown, and not for nothing', () => {
    const counts = { waiting: null, parked: null, dead: null, unreadable: null };
    expect(codes({ counts, storage: { up: false } })).toEqual(['store_down']);
    expect(codes({ counts })).toEqual(['unknown']);
  });

  it('do not have what is only on its way', () => {
    const counts = { waiting: 1, waitingMessages: 3, parked: 1 };
    const aged = (ageS: number) => ({
      ...{ counts, oldestWaitingAgeS: ageS, oldestMessageAgeS: ageS, oldestParkedAgeS: ageS },
    });
    expect(codes(aged(10))).toEqual([]);
    expect(codes(aged(11))).toEqual(['waiting', 'waiting_messages', 'parked']);
  });

  it('say since when customers wait', () => {
    const of = status({ counts: { waiting: 1 }, oldestWaitingAgeS: 780 });
    expect(causesOf(of, [], [], NOW_MS)).toMatchObject([
      { code: 'waiting', since: '2026-01-01T06:43:00.000Z' },
    ]);
  });

  it('have calls without an answer when they are over a fifth', () => {
    expect(codes({ lastMinute: { proxyCalls: 15, unansweredCalls: 3 } })).toEqual([]);
    expect(codes({ lastMinute: { proxyCalls: 14, unansweredCalls: 3 } })).toEqual(['calls_unanswered']);
    expect(codes({ lastMinute: { proxyCalls: 2, unansweredCalls: 2 } })).toEqual([]);
  });

  it('have one line for all that WeCom refuses for one reason, since the first', () => {
    const found = causesOf(
      status(),
      [
        trouble({ sinceMs: 2_000 }),
        trouble({ operation: 'gettoken', sinceMs: 1_000 }),
        trouble({ corpId: 'ww2', why: '40001', sinceMs: 500 }),
        trouble({ corpId: 'ww3', why: '40001', sinceMs: 900 }),
      ],
      [],
      NOW_MS,
    );
    expect(found).toMatchObject([
      { why: '40001', count: 2, corpId: null, since: '1970-01-01T00:00:00.500Z' },
      { why: '60020', count: 1, corpId: 'ww1', since: '1970-01-01T00:00:01.000Z' },
    ]);
  });

  it('name the account whose replies do not go out, where it is one', () => {
    const one = trouble({ openKfId: 'wk1', why: '95017' });
    expect(causesOf(status(), [], [one], NOW_MS)).toMatchObject([
      { code: 'replies_fail', severity: 'bad', count: 1, openKfId: 'wk1', why: '95017' },
    ]);
    expect(causesOf(status(), [], [one, { ...one, openKfId: 'wk2' }], NOW_MS)).toMatchObject([
      { count: 2, corpId: 'ww1', openKfId: null },
    ]);
  });
});
