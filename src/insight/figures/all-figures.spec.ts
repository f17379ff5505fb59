import { beforeEach, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import {
  passMinute,
  type SeeingReplica,
  seeingReplica,
  type SeenTables,
} from '../../../test/support/seen.js';
import { summaryOf } from '../../dispatch/endpoint/recent-attempts.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';

const [ONE, TWO] = [registeredPuppet({ openKfId: 'wk1' }), registeredPuppet({ openKfId: 'wk2' })];
const REPLY = {
  ...({ operation: 'call', botId: null, isAsked: true } as const),
  ...{ corpId: ONE.corpId, api: 'kf/send_msg', openKfId: 'wk1' },
};

let clock: ManualClock;
let here: SeeingReplica;
let there: SeeingReplica;

beforeEach(() => {
  clock = new ManualClock();
  const tables: SeenTables = new Map();
  [here, there] = [seeingReplica('here', tables, clock), seeingReplica('there', tables, clock)];
  for (const { others } of [here, there]) others.onApplicationBootstrap();
});

function end({ deliveries }: SeeingReplica, puppet: typeof ONE, isTaken: boolean, durationMs: number): void {
  const reason = deliveries === here.deliveries ? 'here' : 'there';
  const result = isTaken
    ? ({ taken: true, status: 200 } as const)
    : ({ taken: false, stage: 'status', reason, status: 500 } as const);
  deliveries.ended(destinationOf(puppet), kfParcel(), 'inline', result, durationMs);
}

it('adds up the attempts of all replicas, of an account and of its address', async () => {
  for (let n = 0; n < 90; n++) end(here, ONE, true, 4);
  for (let n = 0; n < 10; n++) end(there, ONE, true, 1_500);
  end(there, TWO, false, 9);
  await passMinute(clock);
  const { lastHour } = here.figures.deliveriesOf(ONE);
  const ofEndpoint = here.figures.ofEndpoint(ONE.endpoint);
  expect(summaryOf(lastHour)).toMatchObject({ attempts: 100, taken: 100, p95Ms: 1_500 });
  expect(summaryOf(ofEndpoint.lastHour)).toMatchObject({ attempts: 101, taken: 100 });
  expect(ofEndpoint.failure).toMatchObject({ stage: 'status', reason: 'there' });
  expect(summaryOf(here.figures.deliveriesOf(TWO).lastHour)).toMatchObject({ attempts: 1, taken: 0 });
  const counted = [TWO, ONE].map((puppet) => summaryOf(here.figures.deliveriesOf(puppet).lastHour).attempts);
  expect(counted).toEqual([1, 100]);
});

it('has those of the last hour alone, of whichever replica', async () => {
  end(there, ONE, true, 4);
  await passMinute(clock);
  await clock.advance(60 * 60_000);
  const { lastHour, taken } = here.figures.deliveriesOf(ONE);
  expect([summaryOf(lastHour).attempts, taken?.status]).toEqual([0, 200]);
});

it('has the newest of what each saw last', async () => {
  end(there, ONE, false, 9);
  await clock.advance(1_000);
  end(here, ONE, false, 9);
  end(here, ONE, true, 5);
  await clock.advance(1_000);
  end(there, ONE, true, 7);
  there.wecom.noteOutcome({ ...REPLY, errcode: 0, fault: null });
  const nowMs = clock.nowMs();
  await passMinute(clock);
  const { taken, failure } = here.figures.deliveriesOf(ONE);
  expect(taken).toMatchObject({ durationMs: 7, atMs: nowMs });
  expect(failure).toMatchObject({ reason: 'here', atMs: nowMs - 1_000 });
  expect(here.figures.repliesOf(ONE).repliedAtMs).toBe(nowMs);
});

it('has nothing of an account that another corp had before', async () => {
  end(there, { ...ONE, corpId: 'wwOther' }, true, 5);
  await passMinute(clock);
  expect(here.figures.deliveriesOf(ONE).taken).toBeNull();
});

it('has why no reply goes out, until one does through whichever replica', async () => {
  const failureNow = () => here.figures.repliesOf(ONE).replyFailure;
  const sinceMs = clock.nowMs();
  there.wecom.noteOutcome({ ...REPLY, errcode: 40058, fault: null });
  await clock.advance(1_000);
  there.wecom.noteOutcome({ ...REPLY, errcode: 40008, fault: null });
  const atMs = clock.nowMs();
  await passMinute(clock);
  expect(failureNow()).toMatchObject({ why: '40008', sinceMs, atMs });
  await clock.advance(24 * 60 * 60_000);
  expect(failureNow()).toMatchObject({ why: '40008', sinceMs, atMs });
  here.wecom.noteOutcome({ ...REPLY, errcode: 0, fault: null });
  expect(failureNow()).toBeNull();
});

it('has what a process before has seen, also that a caller fails', async () => {
  there.wecom.noteOutcome({ ...REPLY, errcode: 95017, fault: null });
  for (let n = 0; n < 3; n++) there.wecom.noteOutcome({ ...REPLY, botId: 'b1', errcode: 40001, fault: null });
  await there.others.beforeApplicationShutdown();
  await passMinute(clock);
  expect(here.figures.repliesOf(ONE).replyFailure).toMatchObject({ why: '95017' });
  expect(here.figures.failingCallers()).toMatchObject([{ subject: 'token', botId: 'b1', why: '40001' }]);
  here.wecom.noteOutcome({ ...REPLY, botId: 'b1', errcode: 0, fault: null });
  expect(here.figures.repliesOf(ONE).replyFailure).toBeNull();
  expect(here.figures.failingCallers()).toEqual([]);
});

it('has what bots took that asks for replies, and how much each hour, of all replicas', async () => {
  end(there, ONE, true, 4);
  await clock.advance(1_000);
  end(here, ONE, true, 4);
  end(here, ONE, false, 4);
  const nowMs = clock.nowMs();
  await passMinute(clock);
  const { atMs, events, messages } = here.figures.takenOf(ONE);
  expect({ atMs, events: events.toSorted(), messages }).toEqual({
    // Each was given 4 ms before it was taken.
    ...{ atMs: nowMs, events: [nowMs - 1_004, nowMs - 4], messages: [] },
  });
  expect(here.figures.hoursOf(ONE).reduce((sum, count) => sum + count)).toBe(2);
});

it('is known until the minute that all have written, where others are there', async () => {
  expect(here.figures.knownUntilMs).toBe(clock.nowMs());
  end(there, ONE, true, 4);
  await passMinute(clock);
  await clock.advance(30_000);
  expect(here.figures.knownUntilMs).toBe(clock.nowMs() - 40_000);
});

it('has that WeCom has no such account of the corp, whichever replica it told, until a reply goes out', async () => {
  const now = () => {
    const { replyFailure, noAccount } = here.figures.repliesOf(ONE);
    return [replyFailure?.why, noAccount?.why];
  };
  here.wecom.noteOutcome({ ...REPLY, errcode: 95017, fault: null });
  there.wecom.noteOutcome({ ...REPLY, corpId: 'wwOther', errcode: 95004, fault: null });
  await passMinute(clock);
  expect(now()).toEqual(['95017', undefined]);
  there.wecom.noteOutcome({ ...REPLY, errcode: 95004, fault: null });
  await passMinute(clock);
  expect(now()).toEqual([undefined, '95004']);
  here.wecom.noteOutcome({ ...REPLY, errcode: 0, fault: null });
  expect(now()).toEqual([undefined, undefined]);
});

it('has of a bot why its messages could not be pulled, which is no attempt at it', async () => {
  const to = { ...destinationOf(ONE), bot: { id: 'bot-1' } as KnownBot, isPulled: true };
  const failed = { taken: false, stage: 'pull', reason: 'errcode 48002' } as const;
  there.deliveries.ended(to, kfParcel(), 'inline', failed, 5);
  await passMinute(clock);
  const { failure, taken, lastHour } = here.figures.ofBot('bot-1');
  expect([failure?.stage, taken, summaryOf(lastHour).attempts]).toEqual(['pull', null, 0]);
});

it('has when an event of a corp was last taken, through whichever replica', async () => {
  end(there, ONE, true, 5);
  await clock.advance(1_000);
  end(here, { ...TWO, corpId: 'wwOther' }, true, 5);
  const nowMs = clock.nowMs();
  await passMinute(clock);
  expect(here.figures.takenByCorp()).toEqual(
    new Map([
      [ONE.corpId, nowMs - 1_000],
      ['wwOther', nowMs],
    ]),
  );
});
