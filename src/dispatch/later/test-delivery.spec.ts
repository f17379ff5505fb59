import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import {
  blackHole,
  clock,
  holdingPuppet,
  LIMIT_MS,
  pass,
  puppetServer,
  rawServer,
  untilReceived,
} from '../../../test/support/delivery.js';
import { registration } from '../../../test/support/puppets.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import {
  ACCOUNT,
  account,
  CORP,
  dispatch,
  keep,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { AppError } from '../../kernel/app-error.js';
import type { RecordedAttempt } from '../endpoint/deliveries.js';
import { ResyncBudget, resyncsOf } from './resync-budget.js';
import { TestBudget } from './test-budget.js';
import { TestDelivery, type TestDeliveryResult } from './test-delivery.js';
import { TestElsewhere } from './test-elsewhere.js';
import { Counters } from '../../storage/counters/counters.js';

replicasOfEachTest();

const BY = { from: '10.9.8.7', requestId: 'request-1' };
let lines: Record<string, unknown>[];
let tests: TestDelivery;

beforeEach(async () => {
  await start();
  lines = [];
  tests = openTests(dispatch.counters);
});

function openTests(counters: Counters): TestDelivery {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const { registry, botEndpoints: ways } = dispatch;
  return new TestDelivery(
    registry.accounts,
    registry.destinations,
    ways,
    new TestBudget(new ResyncBudget(counters, clock, clock), clock),
    clock,
    new TestElsewhere(dispatch.waiting, clock, clock),
    log,
  );
}

const test = (openKfId = ACCOUNT): Promise<TestDeliveryResult> => tests.send(openKfId, BY);

const CIRCUIT_OPENS_AFTER = 5;

describe('a test', () => {
  it('sends a resync as a new event, and shows the answer', async () => {
    const server = await puppetServer();
    await registerAt(`${server.url}/bot-7/`);
    expect(await test()).toEqual({
      failure: null,
      isPulled: false,
      durationMs: expect.any(Number),
      answer: { status: 200, body: 'success' },
    });
    await test();
    const [first, second] = server.received;
    expect(first).toMatchObject({
      path: '/bot-7/callback/decrypted',
      body: JSON.stringify({ token: '', openKfId: ACCOUNT }),
    });
    expect(first?.headers['webhook-id']).not.toBe(second?.headers['webhook-id']);
  });

  it('shows the first kB of a longer answer, and no half of a character', async () => {
    const server = await puppetServer((_request, response) => response.end(`x${'客'.repeat(2_000)}`));
    await registerAt(server.url);
    const { answer } = await test();
    expect(answer?.body).toBe(`x${'客'.repeat(341)}`);
  });

  it('shows what a puppet answers that does not take it', async () => {
    const server = await puppetServer((_request, response) => response.writeHead(500).end('no room'));
    await registerAt(server.url);
    expect(await test()).toMatchObject({
      failure: { stage: 'status', reason: 'the answer was 500', status: 500 },
      answer: { status: 500, body: 'no room' },
    });
  });

  it('shows what came of an answer that never ends, after 5 s', async () => {
    const server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nso far');
    });
    await registerAt(server.url);
    const testing = test();
    await pass(LIMIT_MS);
    expect(await testing).toMatchObject({ failure: null, answer: { status: 200, body: 'so far' } });
  });

  it('says where it failed before an answer', async () => {
    await registerAt(await refusedUrl());
    expect(await test()).toMatchObject({ failure: { stage: 'connect' }, answer: null });
    const hole = await blackHole();
    await registerAt(hole.url);
    const testing = test();
    await pass(LIMIT_MS);
    expect(await testing).toMatchObject({ failure: { stage: 'connect' }, answer: null });
    await registerAt('http://169.254.169.254');
    expect(await test()).toMatchObject({ failure: { stage: 'endpoint' }, answer: null });
  });

  it('is among the deliveries, is logged with who asked, and keeps nothing', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const deliveries: RecordedAttempt[] = [];
    dispatch.deliveries.listen((told) => deliveries.push(told));
    await test();
    const [delivery] = deliveries;
    expect(delivery).toMatchObject({ occasion: 'test', attempt: 1, isRaw: false, result: { taken: false } });
    expect(lines).toMatchObject([
      { msg: 'delivery.tested', openKfId: ACCOUNT, corpId: CORP, taken: false, stage: 'status', ...BY },
    ]);
    expect(await waitingCount()).toBe(0);
  });

  it('is forgotten with the registration, wherever that was forgotten', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await test();
    const ofAccount = { openKfId: ACCOUNT, corpId: CORP };
    expect(dispatch.past.lastOf(ofAccount).taken).not.toBeNull();
    await dispatch.repository.forget(ACCOUNT);
    await pass(MINUTE_MS + 2 * SECOND_MS);
    expect(dispatch.registry.image.findPuppet(ACCOUNT)).toBeNull();
    expect(dispatch.past.lastOf(ofAccount).taken).toBeNull();
  });

  it('of an account that is not registered is refused', async () => {
    await expect(test()).rejects.toMatchObject({ code: 'REGISTRY_PUPPET_NOT_FOUND' });
  });

  it('is sent to nobody who is just registering', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    const registered = await dispatch.registry.registrations.register(registration({ endpoint: server.url }));
    expect(await test()).toMatchObject({ failure: { stage: 'registering' }, answer: null });
    registered.answered();
    expect(server.received).toEqual([]);
    expect(await test()).toMatchObject({ failure: null });
  });
});

describe('what a test says of the endpoint', () => {
  it('closes its circuit and sends what waits, where the puppet takes it', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const refused = Array.from({ length: CIRCUIT_OPENS_AFTER }, (_, n) => account(n));
    for (const openKfId of refused) await registerAt(server.url, { openKfId });
    for (const openKfId of refused) await keep({ openKfId, id: openKfId });
    expect(dispatch.circuits.open.size).toBe(1);
    server.behave(taking);
    await test();
    expect(dispatch.circuits.open.size).toBe(0);
    await pass(SECOND_MS);
    expect(await waitingCount()).toBe(0);
  });

  it('is nothing where it does not: no event is held back for it', async () => {
    const server = await puppetServer(refusing);
    for (let n = 0; n < 2 * CIRCUIT_OPENS_AFTER; n++) {
      const openKfId = account(n);
      await registerAt(server.url, { openKfId, corpId: `ww${n}` });
      await test(openKfId);
    }
    expect(dispatch.circuits.open.size).toBe(0);
  });

  it('puts an account online that had said goodbye', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await dispatch.registry.presence.deregister({ openKfId: ACCOUNT, corpId: CORP });
    expect(await test()).toMatchObject({ failure: null });
    expect(dispatch.registry.image.findPuppet(ACCOUNT)?.online).toBe(true);
  });
});

describe("WeCom's limit of pulls without a token", () => {
  it('counts tests too: a seventh pull within a minute is refused, and told when', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    for (let n = 0; n < 4; n++) await dispatch.counters.take(resyncsOf(CORP), clock.nowMs());
    for (let n = 0; n < 2; n++) await test();
    await pass(20 * SECOND_MS);
    await expect(test()).rejects.toMatchObject({ code: 'RESYNC_LIMITED', retryAfterS: 40 });
    expect(server.received).toHaveLength(2);
    await pass(MINUTE_MS);
    expect(await test()).toMatchObject({ failure: null });
  });

  it('is left to hints by half: a fourth test within a minute is refused', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    for (let n = 0; n < 3; n++) await test();
    await pass(20 * SECOND_MS);
    await expect(test()).rejects.toMatchObject({ code: 'RESYNC_LIMITED', retryAfterS: 40 });
    for (let n = 0; n < 3; n++)
      expect(await dispatch.counters.take(resyncsOf(CORP), clock.nowMs())).toMatchObject({ count: 1 });
    await registerAt(server.url, { openKfId: account(9), corpId: 'wwOther' });
    expect(await test(account(9))).toMatchObject({ failure: null });
    await pass(40 * SECOND_MS);
    expect(await test()).toMatchObject({ failure: null });
  });

  it('is not touched by a puppet that saw nothing', async () => {
    await registerAt(await refusedUrl());
    for (let n = 0; n < 9; n++) expect(await test()).toMatchObject({ failure: { stage: 'connect' } });
  });

  it('keeps nobody from a test while the store is away', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    class AwayCounters extends Counters {
      override change = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
    }
    expect(await openTests(new AwayCounters()).send(ACCOUNT, BY)).toMatchObject({ failure: null });
  });
});

it('fails where the process has closed its connections, and is no error of ours', async () => {
  const server = await puppetServer();
  await registerAt(server.url);
  await dispatch.client.close();
  expect(await test()).toMatchObject({ failure: { stage: 'connect' }, answer: null });
  expect(server.received).toEqual([]);
});

it('comes to its end when the process stops', async () => {
  const { server, held } = await holdingPuppet();
  await registerAt(server.url);
  const testing = test();
  await untilReceived(server, 1);
  const closing = dispatch.close();
  held[0]?.end('late');
  expect(await testing).toMatchObject({ failure: null, answer: { body: 'late' } });
  await closing;
});
