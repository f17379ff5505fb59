import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Samples } from '../../test/support/metrics.js';
import type { Clock } from '../kernel/clock.js';
import { DispatchMetrics } from '../dispatch/dispatch-metrics.js';
import { Deliveries } from '../dispatch/line/deliveries.js';
import { Metrics } from '../metrics/metrics.js';
import type { Destinations } from '../registry/destination.js';
import type { OtherReplicas, Told } from '../stream/replicas/other-replicas.js';
import type { CallTrouble } from '../wecom/call-outcomes.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import { ApiMetrics } from './api-metrics.js';
import { FailingReplies } from './failing-replies.js';
import { type AskedFigures, OwnFigures } from './own-figures.js';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let wecoms: WecomMetrics[];
let asked: AskedFigures[];
/** How long the other one takes to answer; `null`: it does not. */
let takesMs: number | null;
let failing: FailingReplies;

beforeEach(() => {
  clock = new ManualClock();
  [asked, takesMs] = [[], 0];
  // The clock of the first one's machine is ahead.
  wecoms = [5 * MINUTE_MS, 0].map((aheadMs) => {
    const ofMachine = { nowMs: () => clock.nowMs() + aheadMs } as Clock;
    return new WecomMetrics(new Metrics(), ofMachine, undefined, clock);
  });
  const [own, other] = wecoms.map(
    (wecom) => new OwnFigures(new Deliveries(new DispatchMetrics(new Metrics()), clock), wecom),
  );
  if (own === undefined) throw new Error('no replica');
  const others: Pick<OtherReplicas, 'ask'> = {
    async ask<T>(_path: string, body: object, read: (told: unknown) => T | null): Promise<Told<T>> {
      asked.push(body as AskedFigures);
      if (takesMs === null) return { answers: [], missing: 1 };
      if (takesMs > 0) await clock.sleep(takesMs);
      // As it comes over the wire.
      const known = read(JSON.parse(JSON.stringify(other?.of(body as AskedFigures))));
      return known === null ? { answers: [], missing: 1 } : { answers: [known], missing: 0 };
    },
  };
  const destinations = { find: () => ({ hasTaker: true }) } as unknown as Destinations;
  failing = new FailingReplies(own, others as OtherReplicas, destinations, clock);
});

function reply(replica: number, openKfId: string, errcode: number): void {
  const ended = { operation: 'call', corpId: 'ww1', api: 'kf/send_msg', fault: null } as const;
  wecoms[replica]?.noteOutcome({ ...ended, openKfId, errcode });
}

const named = (troubles: readonly CallTrouble[]) =>
  troubles.map(({ openKfId, why }) => [openKfId, why]).toSorted();
const list = async () => named((await failing.list()).failing);
const unknown = async () => named((await failing.list()).unknown);

it('are those that fail here and those that fail at another replica', async () => {
  reply(0, 'wk1', 95017);
  reply(1, 'wk2', 40008);
  expect(await list()).toEqual([
    ['wk1', '95017'],
    ['wk2', '40008'],
  ]);
  for (const one of (await failing.list()).failing)
    expect(one).toMatchObject({ corpId: 'ww1', operation: 'call' });
});

it('are not those of which a reply went out later through another replica', async () => {
  reply(0, 'wk1', 95017);
  reply(1, 'wk2', 95017);
  await clock.advance(1_000);
  reply(1, 'wk1', 0);
  reply(0, 'wk2', 0);
  expect(await list()).toEqual([]);
  await clock.advance(1_000);
  reply(0, 'wk1', 95017);
  expect(await list()).toEqual([['wk1', '95017']]);
});

it('are those no longer that WeCom does not have, whichever replica it told; those are told too', async () => {
  for (const replica of [0, 1]) for (const openKfId of ['wk1', 'wk2']) reply(replica, openKfId, 95017);
  await clock.advance(1_000);
  reply(0, 'wk1', 95004);
  reply(1, 'wk2', 95004);
  expect(await list()).toEqual([]);
  expect(await unknown()).toEqual([
    ['wk1', '95004'],
    ['wk2', '95004'],
  ]);
  await clock.advance(2_000);
  reply(1, 'wk1', 0);
  reply(0, 'wk2', 95017);
  expect(await list()).toEqual([['wk2', '95017']]);
  expect(await unknown()).toEqual([]);
});

it('are of now where they fail here, and of 2 s ago at most elsewhere', async () => {
  expect(await list()).toEqual([]);
  reply(0, 'wk1', 95017);
  reply(1, 'wk2', 95017);
  expect(await list()).toEqual([['wk1', '95017']]);
  await clock.advance(2_000);
  expect(await list()).toHaveLength(2);
});

it('do not wait for a replica that is slow: what it told before is good for a while', async () => {
  reply(1, 'wk2', 95017);
  expect(await list()).toHaveLength(1);
  takesMs = 400;
  for (const [afterMs, length] of [
    [5_000, 1],
    [MINUTE_MS, 0],
  ] as const) {
    await clock.advance(afterMs);
    const listed = list();
    await clock.advance(50);
    expect(await listed).toHaveLength(length);
    await clock.advance(MINUTE_MS);
  }
});

it('are those of this replica where no other answers, which costs one question', async () => {
  takesMs = null;
  reply(0, 'wk1', 95017);
  expect(await list()).toEqual([['wk1', '95017']]);
  expect(asked).toHaveLength(1);
});

it('are asked for in parts where they are many, and no more than a thousand', async () => {
  for (let n = 0; n < 1_500; n++) reply(0, `wk${n}`, 95017);
  expect(await list()).toHaveLength(1_500);
  expect(asked.map(({ accounts }) => accounts.length)).toEqual([0, 250, 250, 250, 250]);
});

it('are as many in the metrics, so that an alert ends with a reply that goes out through another replica', async () => {
  const metrics = new Metrics();
  new ApiMetrics(metrics, failing);
  const counted = async () =>
    new Samples(await metrics.registry.metrics()).value('wxkf_failing_reply_accounts');
  reply(0, 'wk1', 95017);
  expect(await counted()).toBe(1);
  await clock.advance(3_000);
  reply(1, 'wk1', 0);
  expect(await counted()).toBe(0);
});
