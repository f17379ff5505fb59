import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { Addressee } from '../../kernel/account.js';
import { Past } from '../../log/past.js';
import { Metrics } from '../../metrics/metrics.js';
import type { EndedCall } from './call-outcomes.js';
import { WecomMetrics } from './wecom-metrics.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const REPLY: EndedCall = {
  ...{ ...ACCOUNT, operation: 'call', botId: 'bot-1', api: 'kf/send_msg' },
  ...{ errcode: 0, fault: null, isAsked: true },
};

let past: Past;
let metrics: WecomMetrics;
let isThere: boolean | null;
/** What WeCom told of accounts. */
let told: (readonly [openKfId: string, isThere: boolean])[];

beforeEach(() => {
  const clock = new ManualClock();
  [past, isThere, told] = [new Past(clock), null, []];
  const accounts = {
    has: () => isThere,
    answered: ({ openKfId }: Addressee, is: boolean) => void told.push([openKfId, is]),
  };
  metrics = new WecomMetrics(new Metrics(), clock, undefined, clock, past, past, accounts);
});

const failures = (): number | undefined =>
  past.outcomeOf({ ...ACCOUNT, subject: 'replies', botId: null, api: '' })?.failures;

describe('an account that a call names', () => {
  it('is there or not, as WeCom answers a reply or a pull', () => {
    for (const call of [{}, { errcode: 95000 }, { errcode: 95004, api: 'kf/sync_msg' }])
      metrics.noteOutcome({ ...REPLY, ...call });
    metrics.noteEntries('wwCorp_1', 'wkPulled', [], false);
    expect(told).toEqual([
      ['wkAccount-1', true],
      ['wkAccount-1', false],
      ['wkAccount-1', false],
      ['wkPulled', true],
    ]);
  });

  it('is not told of by other calls, by other errcodes, and by the manager itself', () => {
    const others = [
      { api: 'kf/account/del' },
      { errcode: 95017 },
      { errcode: 95004, isAsked: false },
      { errcode: null, fault: 'unreachable' as const },
    ];
    for (const call of others) metrics.noteOutcome({ ...REPLY, ...call });
    expect(told).toEqual([]);
  });

  it('has no outcome where there is no such account', () => {
    isThere = false;
    metrics.noteOutcome({ ...REPLY, errcode: 95017 });
    expect([...past.accounts()]).toEqual([]);
    metrics.noteOutcome({ ...REPLY, errcode: 95000, api: 'kf/sync_msg' });
    expect(past.callers().filter(({ subject }) => subject === 'api')).toEqual([]);
  });

  it('has those that WeCom says of it while it is not known whether it is there', () => {
    metrics.noteOutcome({ ...REPLY, errcode: null, fault: 'unreachable' });
    metrics.noteOutcome({ ...REPLY, errcode: 60020 });
    expect(failures()).toBeUndefined();
    metrics.noteOutcome({ ...REPLY, errcode: 95017 });
    expect(failures()).toBe(1);
    isThere = true;
    metrics.noteOutcome({ ...REPLY, errcode: null, fault: 'unreachable' });
    expect(failures()).toBe(2);
  });
});
