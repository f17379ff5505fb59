import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  client,
  clock,
  holdingPuppet,
  kfEvent,
  pass,
  puppetServer,
  untilReceived,
  watch,
} from '../../../test/support/delivery.js';
import {
  account,
  ANSWER_LIMIT_MS,
  attemptsOf,
  BUDGET_MS,
  dispatch,
  hintOf,
  idsOf,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  StubbornEventQueue,
  send,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { AppError } from '../../kernel/app-error.js';

replicasOfEachTest();

describe('when an event cannot be kept', () => {
  let events: StubbornEventQueue;

  beforeEach(async () => {
    events = new StubbornEventQueue();
    events.beforePut = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await start({ events });
  });

  it('it is said within 2.8 s, and the event tried on from memory', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const failed = expect(send()).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    await pass(ANSWER_LIMIT_MS);
    await failed;
    expect(events.puts).toBeGreaterThan(5);
    expect(dispatch.keeper.isFailing).toBe(true);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(idsOf(server).at(-1)).toBe('event-1');
    expect(await waitingCount()).toBe(0);
    const before = server.received.length;
    await pass(10 * MINUTE_MS);
    expect(server.received).toHaveLength(before);
  });

  it('it is probed from memory too, when nothing of the store works', async () => {
    events.lines.claimOldest = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    const server = await puppetServer(refusing);
    for (let n = 1; n <= 6; n++) {
      await registerAt(server.url, { openKfId: account(n) });
      const failed = expect(send({ openKfId: account(n), id: `event-${n}` })).rejects.toMatchObject({
        code: 'DISPATCH_NOT_TAKEN',
      });
      await pass(ANSWER_LIMIT_MS);
      await failed;
    }
    expect(dispatch.circuits.isOpen(server.url)).toBe(true);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(new Set(idsOf(server).slice(-6)).size).toBe(6);
    expect(dispatch.circuits.isOpen(server.url)).toBe(false);
  });

  it('for the store hangs, it is said after exactly 2.8 s', async () => {
    events.beforePut = () => new Promise(() => {});
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dispatched = send();
    const failed = expect(dispatched).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    const state = watch(dispatched);
    await pass(ANSWER_LIMIT_MS - 1);
    expect(state.isSettled).toBe(false);
    await pass(1);
    await failed;
  });

  it.each([
    ['fails', () => Promise.reject(new AppError('STORE_UNAVAILABLE'))],
    ['fails in a way that nobody foresaw', () => Promise.reject(new Error('a bug'))],
    ['hangs', () => new Promise<void>(() => {})],
  ])('for the store %s, the puppet has the whole 2.8 s to take it', async (_how, beforePut) => {
    events.beforePut = beforePut;
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    const state = watch(dispatched);
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS - 1);
    expect(state.isSettled).toBe(false);
    held[0]?.end();
    expect(await dispatched).toEqual({ delivery: 'delivered', status: 200, attempts: 1 });
    await pass(1);
  });

  it('and the puppet does not take it in the 2.8 s, it is said then', async () => {
    const { server } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    const failed = expect(dispatched).rejects.toMatchObject({ code: 'DISPATCH_NOT_TAKEN' });
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS);
    await failed;
  });

  it('at first, it may be kept within the time', async () => {
    let failures = 3;
    events.beforePut = async () => {
      if (failures-- > 0) throw new AppError('STORE_UNAVAILABLE');
    };
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dispatched = send();
    await pass(ANSWER_LIMIT_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'status' });
    expect(dispatch.keeper.isFailing).toBe(false);
    server.behave(taking);
    await pass(10 * SECOND_MS);
    expect(await waitingCount()).toBe(0);
  });

  it('for there are too many accounts that nobody registered, that is said at once', async () => {
    events.beforePut = async () => {
      throw new AppError('OUTBOX_FULL');
    };
    await expect(send()).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
  });

  it('since its callback came in long ago, there is still time to keep it when the puppet is silent', async () => {
    events.beforePut = () => new Promise((resolve) => void clock.after(100, resolve));
    const { server } = await holdingPuppet();
    await registerAt(server.url);
    await pass(2_000);
    const event = kfEvent();
    const to = dispatch.registry.destinations.find(event);
    const dispatched = dispatch.dispatcher.dispatch(event, to, clock.elapsedMs() - 2_000);
    await untilReceived(server, 1);
    await pass(ANSWER_LIMIT_MS - 2_000);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'late' });
  });
});

describe('an attempt that is under way when its event is kept', () => {
  beforeEach(async () => {
    await start();
  });

  async function sendLate() {
    const puppet = await holdingPuppet();
    await registerAt(puppet.server.url);
    const dispatched = send();
    await untilReceived(puppet.server, 1);
    await pass(BUDGET_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'late' });
    expect((await hintOf())?.lease).not.toBeNull();
    return puppet;
  }

  it('settles it when it succeeds', async () => {
    const { server, held } = await sendLate();
    await pass(3_000);
    expect(server.received).toHaveLength(1);
    held[0]?.end();
    while (client.underWay.length > 0) await pass(0);
    expect(await hintOf()).toBeNull();
    await pass(MINUTE_MS);
    expect(server.received).toHaveLength(1);
  });

  it('gives it back when it fails, and it is tried on', async () => {
    const { server, held, release } = await sendLate();
    await pass(3_000);
    held[0]?.writeHead(500).end();
    const failedMs = clock.elapsedMs();
    while (server.received.length < 2) await pass(1);
    expect(clock.elapsedMs() - failedMs).toBeLessThan(100);
    release();
    await pass(0);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
  });

  it('gives it back when nothing came in time, and it is tried on', async () => {
    const { server, release } = await sendLate();
    await pass(4_000);
    release();
    await pass(100);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
  });

  it('settles none that came later and was kept with it', async () => {
    const { server, held } = await sendLate();
    const newer = send({ id: 'newer' });
    await untilReceived(server, 2);
    held[1]?.writeHead(500).end();
    await newer;
    held[0]?.end();
    while (server.received.length < 3) await pass(1);
    held[2]?.end();
    await pass(0);
    while (client.underWay.length > 0) await pass(0);
    expect(idsOf(server)).toEqual(['event-1', 'newer', 'newer']);
    expect(await hintOf()).toBeNull();
  });
});
