import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  clock,
  type HoldingPuppet,
  holdingPuppet,
  pass,
  puppetServer,
  untilReceived,
} from '../../../test/support/delivery.js';
import {
  ANSWER_LIMIT_MS,
  account,
  attemptsOf,
  BUDGET_MS,
  dispatch,
  hintOf,
  idsOf,
  registerAt,
  replicasOfEachTest,
  StubbornEventQueue,
  send,
  start,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { AppError } from '../../kernel/app-error.js';

/** An attempt ends then, whatever the puppet does. */
const ATTEMPT_LIMIT_MS = 5_000;
const SLOW = { openKfId: account(1) };
const OTHER = { openKfId: account(2) };

let slow: HoldingPuppet;
let events: StubbornEventQueue;

replicasOfEachTest();

beforeEach(async () => {
  events = new StubbornEventQueue();
  await start({ events }, { CALLBACKS_TRIED_MAX: '2' });
  slow = await holdingPuppet();
  await registerAt(slow.server.url, SLOW);
});

/** Two attempts that hold all the places there are. */
function fillPlaces(): Promise<unknown>[] {
  return [send({ ...SLOW, id: 'slow-1' }), send({ ...SLOW, id: 'slow-2' })];
}

describe('while as many attempts are under way as may be', () => {
  it('an event for where they are is kept at once, and delivered a second later', async () => {
    await registerAt(slow.server.url, OTHER);
    const filling = fillPlaces();
    expect(await send(OTHER)).toEqual({ delivery: 'pending', stage: 'overloaded', attempts: 0 });
    expect(await hintOf(OTHER.openKfId)).toMatchObject({
      state: 'waiting',
      attempts: 0,
      lastFailure: { stage: 'overloaded', reason: 'too many events are on their way to bots' },
    });
    await untilReceived(slow.server, 2);
    expect(slow.server.received).toHaveLength(2);
    slow.release();
    await pass(1_200);
    expect(attemptsOf(slow.server)).toEqual([1, 1, 1]);
    expect(await waitingCount()).toBe(0);
    await Promise.all(filling);
  });

  it('many of one account become one delivery, of the newest', async () => {
    await registerAt(slow.server.url, OTHER);
    const filling = fillPlaces();
    for (let n = 1; n <= 20; n++) await send({ ...OTHER, id: `event-${n}` });
    expect(dispatch.overload.counts.kept.under_way).toBe(20);
    slow.release();
    await pass(1_200);
    expect(idsOf(slow.server).slice(2)).toEqual(['event-20']);
    await Promise.all(filling);
  });

  it('an event for another puppet is tried as ever', async () => {
    const server = await puppetServer();
    await registerAt(server.url, OTHER);
    const filling = fillPlaces();
    expect(await send(OTHER)).toMatchObject({ delivery: 'delivered' });
    slow.release();
    await Promise.all(filling);
  });

  it('an event is tried all the same when nothing can be kept', async () => {
    await registerAt(slow.server.url, OTHER);
    events.beforePut = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    const failed = Promise.allSettled(fillPlaces());
    await pass(ANSWER_LIMIT_MS);
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(dispatch.overload.attemptsUnderWay).toBe(2);
    const tried = send(OTHER);
    slow.release();
    expect(await tried).toMatchObject({ delivery: 'delivered' });
  });
});

describe('an attempt', () => {
  it('has its place until it has a result, also once its event was kept and answered', async () => {
    const filling = fillPlaces();
    await pass(BUDGET_MS);
    expect(await Promise.all(filling)).toMatchObject([{ stage: 'late' }, { stage: 'late' }]);
    expect([dispatch.overload.eventsUnderWay, dispatch.overload.attemptsUnderWay]).toEqual([0, 2]);
    await pass(ATTEMPT_LIMIT_MS - BUDGET_MS);
    expect(dispatch.overload.attemptsUnderWay).toBe(0);
  });

  it('leaves its place at once to the next', async () => {
    await registerAt(slow.server.url, OTHER);
    const filling = fillPlaces();
    slow.release();
    await Promise.all(filling);
    expect(await send(OTHER)).toMatchObject({ delivery: 'delivered' });
    expect(clock.elapsedMs()).toBe(0);
  });
});

it('an event is under way until it is answered', async () => {
  const filling = fillPlaces();
  expect(dispatch.overload.eventsUnderWay).toBe(2);
  slow.release();
  await Promise.all(filling);
  expect(dispatch.overload.eventsUnderWay).toBe(0);
});
