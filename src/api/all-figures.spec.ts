import { beforeEach, expect, it } from '@jest/globals';
import { kfEvent } from '../../test/support/delivery.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../test/support/puppets.js';
import { DispatchMetrics } from '../dispatch/dispatch-metrics.js';
import { Deliveries } from '../dispatch/line/deliveries.js';
import { summaryOf, WIDTH } from '../dispatch/line/recent-attempts.js';
import { Metrics } from '../metrics/metrics.js';
import type { KnownBot } from '../registry/bots/known-bots.js';
import type { OtherReplicas, Told } from '../stream/replicas/other-replicas.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import { AllFigures } from './all-figures.js';
import { type AskedFigures, OwnFigures } from './own-figures.js';

const [ONE, TWO] = ['wk1', 'wk2'].map((openKfId) => registeredPuppet({ openKfId })) as [
  ReturnType<typeof registeredPuppet>,
  ReturnType<typeof registeredPuppet>,
];

let clock: ManualClock;
let replicas: { deliveries: Deliveries; wecom: WecomMetrics; own: OwnFigures }[];
/** What the first one asked. */
let asked: AskedFigures[];
let answer: (told: unknown) => unknown;
let takesMs: number;
let figures: AllFigures;

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  answer = (told) => told;
  takesMs = 0;
  replicas = [0, 1].map(() => {
    const deliveries = new Deliveries(new DispatchMetrics(new Metrics()), clock);
    const wecom = new WecomMetrics(new Metrics(), clock);
    return { deliveries, wecom, own: new OwnFigures(deliveries, wecom) };
  });
  const others: Pick<OtherReplicas, 'ask'> = {
    async ask<T>(_path: string, body: object, read: (told: unknown) => T | null): Promise<Told<T>> {
      asked.push(body as AskedFigures);
      await clock.advance(takesMs);
      // As it comes over the wire.
      const told = JSON.parse(JSON.stringify(answer(replicas[1]?.own.of(body as AskedFigures))));
      const known = read(told);
      return known === null ? { answers: [], missing: 1 } : { answers: [known], missing: 0 };
    },
  };
  const [here] = replicas;
  if (here === undefined) throw new Error('no replica');
  figures = new AllFigures(here.own, others as OtherReplicas, clock);
});

function end(replica: number, puppet: typeof ONE, isTaken: boolean, durationMs: number): void {
  const result = isTaken
    ? ({ taken: true, status: 200 } as const)
    : ({ taken: false, stage: 'status', reason: `from ${replica}`, status: 500 } as const);
  replicas[replica]?.deliveries.ended(destinationOf(puppet), kfEvent(), 'inline', 1, result, durationMs);
}

it('adds up the attempts of all replicas, of an account and of its address', async () => {
  for (let n = 0; n < 90; n++) end(0, ONE, true, 4);
  for (let n = 0; n < 10; n++) end(1, ONE, true, 1_500);
  end(1, TWO, false, 9);
  const of = await figures.ofAccounts([ONE, TWO]);
  const { lastHour, endpointLastHour, endpointFailure, missing } = of(ONE);
  expect(summaryOf(lastHour)).toMatchObject({ attempts: 100, taken: 100, p95Ms: 1_500 });
  expect(summaryOf(endpointLastHour)).toMatchObject({ attempts: 101, taken: 100 });
  expect(endpointFailure).toMatchObject({ stage: 'status', reason: 'from 1' });
  expect(summaryOf(of(TWO).lastHour)).toMatchObject({ attempts: 1, taken: 0 });
  expect(missing).toBe(0);
  const counts = await figures.counter()([TWO, ONE]);
  expect(counts.map((one) => summaryOf(one).attempts)).toEqual([1, 100]);
});

it('has the newest of what each saw last', async () => {
  end(1, ONE, false, 9);
  await clock.advance(1_000);
  end(0, ONE, false, 9);
  end(0, ONE, true, 5);
  await clock.advance(1_000);
  end(1, ONE, true, 7);
  const reply = { operation: 'call', corpId: ONE.corpId, api: 'kf/send_msg', openKfId: 'wk1' } as const;
  replicas[1]?.wecom.noteOutcome({ ...reply, errcode: 0, fault: null });
  const { taken, failure, repliedAtMs } = (await figures.ofAccounts([ONE]))(ONE);
  expect(taken).toMatchObject({ durationMs: 7, atMs: clock.nowMs() });
  expect(failure).toMatchObject({ reason: 'from 0', atMs: clock.nowMs() - 1_000 });
  expect(repliedAtMs).toBe(clock.nowMs());
});

it('has why no reply goes out, unless one went out later through another replica', async () => {
  const reply = { operation: 'call', corpId: ONE.corpId, api: 'kf/send_msg', openKfId: 'wk1' } as const;
  const failureNow = async () => (await figures.ofAccounts([ONE]))(ONE).replyFailure;
  const sinceMs = clock.nowMs();
  replicas[1]?.wecom.noteOutcome({ ...reply, errcode: 40058, fault: null });
  await clock.advance(1_000);
  replicas[1]?.wecom.noteOutcome({ ...reply, errcode: 40008, fault: null });
  expect(await failureNow()).toEqual({ why: '40008', sinceMs, atMs: clock.nowMs() });
  await clock.advance(1_000);
  replicas[0]?.wecom.noteOutcome({ ...reply, errcode: 0, fault: null });
  expect(await failureNow()).toBeNull();
  answer = (told) => JSON.parse(JSON.stringify(told).replaceAll('replyFailure', 'unknown'));
  expect(await failureNow()).toBeNull();
});

it('has that WeCom has no such account of the corp, whichever replica it told, until a reply goes out', async () => {
  const reply = { operation: 'call', corpId: ONE.corpId, api: 'kf/send_msg', openKfId: 'wk1' } as const;
  const now = async () => {
    const { replyFailure, noAccount } = (await figures.ofAccounts([ONE]))(ONE);
    return [replyFailure?.why, noAccount?.why];
  };
  replicas[0]?.wecom.noteOutcome({ ...reply, errcode: 95017, fault: null });
  await clock.advance(1_000);
  replicas[1]?.wecom.noteOutcome({ ...reply, corpId: 'wwOther', errcode: 95004, fault: null });
  expect(await now()).toEqual(['95017', undefined]);
  replicas[1]?.wecom.noteOutcome({ ...reply, errcode: 95004, fault: null });
  expect(await now()).toEqual([undefined, '95004']);
  await clock.advance(1_000);
  replicas[0]?.wecom.noteOutcome({ ...reply, errcode: 0, fault: null });
  expect(await now()).toEqual([undefined, undefined]);
});

it('has of a bot why its messages could not be pulled, which is no attempt at it', async () => {
  const to = { ...destinationOf(ONE), bot: { id: 'bot-1' } as KnownBot, isPulled: true };
  const failed = { taken: false, stage: 'pull', reason: 'errcode 48002' } as const;
  replicas[1]?.deliveries.ended(to, kfEvent(), 'inline', 1, failed, 5);
  const { failure, taken, lastHour } = (await figures.ofBots(['bot-1']))('bot-1');
  expect([failure?.stage, taken, summaryOf(lastHour).attempts]).toEqual(['pull', null, 0]);
});

it('has when an event of a corp was last taken, through whichever replica', async () => {
  end(1, ONE, true, 5);
  await clock.advance(1_000);
  const other = { ...TWO, corpId: 'wwOther' };
  end(0, other, true, 5);
  const corpIds = [ONE.corpId, 'wwOther', 'wwNone'];
  expect([...(await figures.takenByCorp(corpIds))]).toEqual([
    [ONE.corpId, clock.nowMs() - 1_000],
    ['wwOther', clock.nowMs()],
  ]);
  // As an earlier version tells it.
  answer = (told) => ({ ...(told as object), corps: undefined });
  expect([...(await figures.takenByCorp(corpIds)).keys()]).toEqual(['wwOther']);
});

it('is of this replica, and says so, where another does not tell what is known here', async () => {
  end(0, ONE, true, 5);
  const lastHour = new Array<number>(WIDTH).fill(0);
  const strangers = [{ lastHour: [1] }, { lastHour }, { lastHour, taken: null, failure: {} }];
  for (const one of [undefined, ...strangers]) {
    const strange = one === undefined ? {} : { accounts: [one], addresses: [null], bots: [] };
    answer = () => strange;
    const seen = (await figures.ofAccounts([ONE]))(ONE);
    expect([summaryOf(seen.lastHour).attempts, seen.missing]).toEqual([1, 1]);
  }
  expect((await figures.ofBots(['a']))('a')).toMatchObject({ taken: null, missing: 1 });
});

it('goes on without others that took half a second in all', async () => {
  end(1, ONE, true, 5);
  const puppets = Array.from({ length: 1_000 }, (_, n) => registeredPuppet({ openKfId: `wk${n}` }));
  takesMs = 200;
  const countsOf = figures.counter();
  await countsOf(puppets);
  await countsOf([ONE]);
  expect(asked).toHaveLength(3);
});

it('asks for thousands of accounts in parts, and of those for counts alone', async () => {
  end(1, registeredPuppet({ openKfId: 'wk999' }), true, 5);
  const puppets = Array.from({ length: 1_000 }, (_, n) => registeredPuppet({ openKfId: `wk${n}` }));
  const counts = await figures.counter()(puppets);
  expect(counts.map((one) => summaryOf(one).attempts).indexOf(1)).toBe(999);
  expect(asked.map(({ accounts, isBrief }) => [accounts.length, isBrief])).toEqual(
    Array.from({ length: 4 }, () => [250, true]),
  );
  expect(JSON.stringify(asked)).not.toContain(puppets[0]?.corpSecret.reveal());
});
