import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Samples } from '../../../test/support/metrics.js';
import {
  passMinute,
  type SeeingReplica,
  seeingReplica,
  type SeenTables,
} from '../../../test/support/seen.js';
import type { Clock } from '../../kernel/clock.js';
import { Metrics } from '../../metrics/metrics.js';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { CallTrouble } from '../../wecom/outcomes/call-outcomes.js';
import { FailingReplies } from './failing-replies.js';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let replicas: SeeingReplica[];
/** Whether anybody takes the events of the accounts. */
let hasTaker: boolean;
let failing: FailingReplies;
let metrics: Metrics;

beforeEach(() => {
  clock = new ManualClock();
  const tables: SeenTables = new Map();
  // The clock of the first one's machine is ahead.
  const [one, other] = [5 * MINUTE_MS, 0].map((aheadMs, n) => {
    const ofMachine = { nowMs: () => clock.nowMs() + aheadMs } as Clock;
    return seeingReplica(`replica-${n}`, tables, clock, { clock: ofMachine });
  });
  if (one === undefined || other === undefined) throw new Error('no replica');
  replicas = [one, other];
  for (const { others } of replicas) others.onApplicationBootstrap();
  hasTaker = true;
  const destinations = { find: () => ({ hasTaker }) } as unknown as Destinations;
  metrics = new Metrics();
  failing = new FailingReplies(one.wecom, one.others, one.figures, destinations, metrics);
});

function reply(replica: number, openKfId: string, errcode: number): void {
  const ended = { operation: 'call', corpId: 'ww1', api: 'kf/send_msg', fault: null } as const;
  replicas[replica]?.wecom.noteOutcome({ ...ended, openKfId, errcode });
}

const named = (troubles: readonly CallTrouble[]) =>
  troubles.map(({ openKfId, why }) => [openKfId, why]).toSorted();
const list = () => named(failing.list().failing);
const unknown = () => named(failing.list().unknown);

it('are those that fail here, at once, and those that fail at another replica, after its minute', async () => {
  reply(0, 'wk1', 95017);
  reply(1, 'wk2', 40008);
  expect(list()).toEqual([['wk1', '95017']]);
  await passMinute(clock);
  expect(list()).toEqual([
    ['wk1', '95017'],
    ['wk2', '40008'],
  ]);
  for (const one of failing.list().failing) expect(one).toMatchObject({ corpId: 'ww1', operation: 'call' });
});

it('are not those of which a reply went out later through another replica', async () => {
  reply(0, 'wk1', 95017);
  reply(1, 'wk2', 95017);
  await clock.advance(1_000);
  reply(1, 'wk1', 0);
  reply(0, 'wk2', 0);
  await passMinute(clock);
  expect(list()).toEqual([]);
  reply(0, 'wk1', 95017);
  expect(list()).toEqual([['wk1', '95017']]);
});

it('are those no longer that WeCom does not have, whichever replica it told; those are told too', async () => {
  for (const replica of [0, 1]) for (const openKfId of ['wk1', 'wk2']) reply(replica, openKfId, 95017);
  await clock.advance(1_000);
  reply(0, 'wk1', 95004);
  reply(1, 'wk2', 95004);
  await passMinute(clock);
  expect(list()).toEqual([]);
  expect(unknown()).toEqual([
    ['wk1', '95004'],
    ['wk2', '95004'],
  ]);
  reply(1, 'wk1', 0);
  reply(0, 'wk2', 95017);
  await passMinute(clock);
  expect(list()).toEqual([['wk2', '95017']]);
  expect(unknown()).toEqual([]);
});

it('are not those of others that nobody has any more', async () => {
  reply(1, 'wk1', 95017);
  await passMinute(clock);
  expect(list()).toHaveLength(1);
  hasTaker = false;
  expect(list()).toEqual([]);
});

it('are as many in the metrics, so that an alert ends with a reply that goes out through another replica', async () => {
  const counted = async () =>
    new Samples(await metrics.registry.metrics()).value('wxkf_failing_reply_accounts');
  reply(0, 'wk1', 95017);
  expect(await counted()).toBe(1);
  await clock.advance(3_000);
  reply(1, 'wk1', 0);
  await passMinute(clock);
  expect(await counted()).toBe(0);
});
