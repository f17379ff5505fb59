import { bury } from '../../../test/support/event-steps.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { clock, kfEvent, pass, puppetServer } from '../../../test/support/delivery.js';
import type { PuppetServer } from '../../../test/support/puppet-server.js';
import {
  ACCOUNT,
  account,
  CORP,
  DAY_MS,
  dispatch,
  hintOf,
  idsOf,
  keep,
  leave,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import type { AppError } from '../../kernel/app-error.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import type { DeliveryRecord } from '../../log/delivery-record.js';
import type { DeliveryRecorder } from '../../log/delivery-recorder.js';
import { HintLog } from './hint-log.js';
import { HintOperations } from './hint-operations.js';
import type { Failure } from '../../queue/failure.js';

replicasOfEachTest();

const BY = { from: '10.9.8.7', requestId: 'request-1' };
const OURS = { openKfId: ACCOUNT, corpId: null };
let server: PuppetServer;
let lifecycle: Lifecycle;
let lines: Record<string, unknown>[];
let records: DeliveryRecord[];
let operations: HintOperations;

beforeEach(async () => {
  await start();
  server = await puppetServer(taking);
  lifecycle = new Lifecycle();
  lines = [];
  records = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const { events, keeper, registry, waiting } = dispatch;
  const { destinations } = registry;
  const recorder: Pick<DeliveryRecorder, 'add'> = { add: (record) => void records.push(record) };
  const hintLog = new HintLog(log, new HealthyLogLines(1), recorder as DeliveryRecorder);
  operations = new HintOperations(events, keeper, destinations, waiting, clock, lifecycle, hintLog);
});

/** As if an earlier process had tried all it could. */
async function leaveDead(openKfId = ACCOUNT, ageMs = 4 * DAY_MS, corpId = CORP): Promise<void> {
  const event = kfEvent({ openKfId, corpId });
  const arrivedAtMs = clock.nowMs() - ageMs;
  const { generation } = await leave({ event, arrivedAtMs, dueAtMs: clock.nowMs() + DAY_MS, attempts: 9 });
  const failure: Failure = { atMs: clock.nowMs(), stage: 'expired', reason: 'too old' };
  await bury(dispatch.events, { corpId, openKfId, generation, lease: null }, failure, clock.nowMs());
}

const told = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: AppError) => [error.code, error.detail],
  );

describe('replay', () => {
  it('sends a dead letter again, however old, to pull without its sync token, and says who asked', async () => {
    await registerAt(server.url);
    await leaveDead();
    await operations.replay(OURS, BY);
    await pass(SECOND_MS);
    expect(server.received.map(({ body }) => JSON.parse(body))).toEqual([{ token: '', openKfId: ACCOUNT }]);
    expect(await hintOf()).toBeNull();
    expect(lines).toMatchObject([{ msg: 'hint.replayed', openKfId: ACCOUNT, corpId: CORP, ...BY }]);
  });

  it('ends in a dead letter again, with the new reason, where the puppet does not take it', async () => {
    server.behave(refusing);
    await registerAt(server.url);
    await leaveDead();
    await operations.replay(OURS, BY);
    await pass(SECOND_MS);
    expect(server.received).toHaveLength(1);
    expect(await hintOf()).toMatchObject({ state: 'dead', lastFailure: { stage: 'status', status: 500 } });
  });

  it('sends what waits for later at once, as a new event with its token', async () => {
    server.behave(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    await operations.replay(OURS, BY);
    await pass(20);
    const [first, second] = idsOf(server);
    expect(second).not.toBe(first);
    expect(records).toMatchObject([{ kind: 'end', outcome: 'replayed', webhookId: first, attempt: 1 }]);
    expect(server.received[1]).toMatchObject({ body: JSON.stringify({ token: 'SYNC', openKfId: ACCOUNT }) });
    expect(server.received[1]?.headers['x-wxkf-attempt']).toBe('1');
    expect(await waitingCount()).toBe(0);
  });

  it('leaves a hint without a puppet as it is, and says so', async () => {
    await leaveDead();
    expect(await told(operations.replay(OURS, BY))).toEqual(['HINT_UNDELIVERABLE', undefined]);
    await registerAt('http://169.254.1.1');
    expect(await told(operations.replay(OURS, BY))).toEqual([
      'HINT_UNDELIVERABLE',
      'the registered endpoint must not point to a link-local address (169.254.1.1)',
    ]);
    expect(lines).toEqual([]);
  });

  it('knows nothing of an account for which nothing waits', async () => {
    await registerAt(server.url);
    for (const corpId of [null, CORP, 'wwOther'])
      expect(await told(operations.replay({ openKfId: ACCOUNT, corpId }, BY))).toEqual([
        'HINT_NOT_FOUND',
        undefined,
      ]);
  });

  it('asks which, where events of several corps were kept, also where one of them is registered', async () => {
    await registerAt(server.url, { corpId: 'wwB' });
    await leaveDead(ACCOUNT, DAY_MS, 'wwA');
    await leaveDead(ACCOUNT, DAY_MS, 'wwB');
    const refusal = ['REQUEST_INVALID', "corpId must name one of the account's corps: wwA, wwB"];
    expect(await told(operations.replay(OURS, BY))).toEqual(refusal);
    expect(await told(operations.drop(OURS, null, BY))).toEqual(refusal);
    expect(await dispatch.events.counts()).toMatchObject({ dead: 2 });
  });

  it('is of the one that there is, be it of another corp than the registration', async () => {
    await registerAt(server.url, { corpId: 'wwB' });
    await leaveDead(ACCOUNT, DAY_MS, 'wwA');
    expect(await told(operations.replay(OURS, BY))).toEqual(['HINT_UNDELIVERABLE', undefined]);
  });

  it('is of the corp that is said', async () => {
    await registerAt(server.url, { corpId: 'wwB' });
    await leaveDead(ACCOUNT, DAY_MS, 'wwA');
    await leaveDead(ACCOUNT, DAY_MS, 'wwB');
    expect(await told(operations.replay({ openKfId: ACCOUNT, corpId: 'wwA' }, BY))).toEqual([
      'HINT_UNDELIVERABLE',
      undefined,
    ]);
    await operations.replay({ openKfId: ACCOUNT, corpId: 'wwB' }, BY);
    await pass(SECOND_MS);
    expect(server.received).toHaveLength(1);
    expect(await dispatch.events.counts()).toMatchObject({ waiting: 0, dead: 1 });
  });
});

describe('replay of all that is dead', () => {
  it('makes it due, page by page, and leaves what has no puppet', async () => {
    const accounts = Array.from({ length: 250 }, (_, n) => account(n));
    for (const openKfId of accounts) await registerAt(server.url, { openKfId });
    for (const openKfId of accounts) await leaveDead(openKfId, MINUTE_MS);
    await leaveDead('wkNobody', MINUTE_MS);
    expect(await operations.replayDead({ corpId: null }, BY)).toBe(250);
    expect(await dispatch.events.counts()).toMatchObject({ dead: 1 });
    await pass(20 * SECOND_MS);
    expect(server.received).toHaveLength(250);
    expect(lines).toMatchObject([{ msg: 'hints.replayed', replayed: 250, left: 1, corpId: null, ...BY }]);
  });

  it('is of one corp where that is said', async () => {
    await registerAt(server.url, { openKfId: account(1) });
    await registerAt(server.url, { openKfId: account(2), corpId: 'wwOther' });
    await leaveDead(account(1), MINUTE_MS);
    await leaveDead(account(2), MINUTE_MS, 'wwOther');
    expect(await operations.replayDead({ corpId: 'wwNobody' }, BY)).toBe(0);
    expect(await operations.replayDead({ corpId: 'wwOther' }, BY)).toBe(1);
    await pass(SECOND_MS);
    expect(server.received.map(({ body }) => JSON.parse(body).openKfId)).toEqual([account(2)]);
  });

  it('keeps to what WeCom lets the puppets of a corp pull in a minute', async () => {
    const accounts = Array.from({ length: 20 }, (_, n) => account(n));
    for (const openKfId of accounts) await registerAt(server.url, { openKfId });
    for (const openKfId of accounts) await leaveDead(openKfId);
    expect(await operations.replayDead({ corpId: null }, BY)).toBe(20);
    await pass(59 * SECOND_MS);
    expect(server.received).toHaveLength(6);
    await pass(4 * MINUTE_MS);
    expect(server.received).toHaveLength(20);
    expect(await waitingCount()).toBe(0);
  });

  it('is one at a time, and may be asked for again when it is over', async () => {
    await registerAt(server.url);
    await leaveDead();
    const first = operations.replayDead({ corpId: null }, BY);
    expect(await told(operations.replayDead({ corpId: 'wwOther' }, BY))).toEqual([
      'HINTS_REPLAY_UNDER_WAY',
      undefined,
    ]);
    expect(await first).toBe(1);
    expect(await operations.replayDead({ corpId: null }, BY)).toBe(0);
  });

  it('ends when the process does', async () => {
    await registerAt(server.url);
    await leaveDead();
    lifecycle.beginDrain();
    expect(await operations.replayDead({ corpId: null }, BY)).toBe(0);
    expect(await hintOf()).toMatchObject({ state: 'dead' });
  });
});

describe('the count of all that is dead', () => {
  beforeEach(async () => {
    for (let n = 0; n < 450; n++) {
      await registerAt(server.url, { openKfId: account(n) });
      await leaveDead(account(n), MINUTE_MS);
    }
  });

  it('is of those that have a puppet, a page in each turn', async () => {
    await leaveDead('wkNobody', MINUTE_MS);
    let turns = 0;
    setImmediate(function next() {
      if (++turns < 3) setImmediate(next);
    });
    expect(await operations.countDead({ corpId: null })).toBe(450);
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it('ends when the process does', async () => {
    const list = dispatch.events.list.bind(dispatch.events);
    dispatch.events.list = async (...what) => {
      lifecycle.beginDrain();
      return list(...what);
    };
    expect(await operations.countDead({ corpId: null })).toBe(200);
  });
});

it.each([
  ['sent again', () => operations.replay(OURS, BY)],
  ['dropped', () => operations.drop(OURS, null, BY)],
])('what was %s is settled by no later success', async (_what, operate) => {
  server.behave(refusing);
  await registerAt(server.url);
  await keep();
  const forgotten: string[] = [];
  const { keeper } = dispatch;
  const forget = keeper.forget.bind(keeper);
  keeper.forget = (hint) => {
    forgotten.push(hint.generation);
    forget(hint);
  };
  const { generation } = (await hintOf()) ?? {};
  await operate();
  expect(forgotten).toEqual([generation]);
});

describe('drop', () => {
  it('removes what waits, is parked or dead, and says who wanted it', async () => {
    await leaveDead();
    await operations.drop(OURS, null, BY);
    expect(await hintOf()).toBeNull();
    expect(lines).toMatchObject([
      { msg: 'hint.dropped', openKfId: ACCOUNT, corpId: CORP, state: 'dead', ageS: 4 * 86_400, ...BY },
    ]);
    expect(await told(operations.drop(OURS, null, BY))).toEqual(['HINT_NOT_FOUND', undefined]);
  });

  it('leaves an event that nobody has looked at', async () => {
    const { generation } = await leave();
    await leave();
    expect(await told(operations.drop(OURS, generation, BY))).toEqual(['HINT_CHANGED', undefined]);
    expect(await hintOf()).not.toBeNull();
    await operations.drop(OURS, (await hintOf())?.generation ?? null, BY);
    expect(await hintOf()).toBeNull();
  });

  it('leaves an event that came meanwhile', async () => {
    await leaveDead();
    const { events } = dispatch;
    const change = events.change.bind(events);
    events.change = async (...what) => {
      await leave();
      return change(...what);
    };
    expect(await told(operations.drop(OURS, null, BY))).toEqual(['HINT_CHANGED', undefined]);
    expect(await hintOf()).toMatchObject({ state: 'waiting' });
  });
});
