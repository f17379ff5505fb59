import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  clock,
  holdingPuppet,
  kfEvent,
  pass,
  puppetServer,
  untilReceived,
} from '../../../test/support/delivery.js';
import type { PuppetServer, Received } from '../../../test/support/puppet-server.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import {
  ACCOUNT,
  account,
  attemptsOf,
  CORP,
  DAY_MS,
  dispatch,
  gapsOf,
  hintOf,
  idsOf,
  keep,
  leave,
  MINUTE_MS,
  RAW,
  refusing,
  refusingPuppet,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  send,
  start,
  taking,
  waitingCount,
} from '../../../test/support/redelivery.js';
import { Secret } from '../../kernel/secret.js';
import { resyncsOf } from './resync-budget.js';

replicasOfEachTest();

describe('an event that its puppet did not take', () => {
  beforeEach(async () => {
    await start();
  });

  it('is tried again after about 1, 3 and 10 s, and then never more than 25 s apart', async () => {
    const { server, times } = await refusingPuppet();
    await registerAt(server.url);
    await keep();
    await pass(10 * MINUTE_MS);
    const gaps = gapsOf(times);
    for (const [n, seconds] of [1, 3, 10].entries()) {
      expect(gaps[n]).toBeGreaterThanOrEqual(seconds * 800);
      expect(gaps[n]).toBeLessThanOrEqual(seconds * 1_200 + 20);
    }
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25_000);
  });

  it('is tried when its pause is over, also if the clock was set back by an hour', async () => {
    const { server, times } = await refusingPuppet();
    await registerAt(server.url);
    await keep();
    clock.step(-60 * MINUTE_MS);
    await pass(5 * SECOND_MS);
    expect(times).toHaveLength(3);
  });

  it('counts its attempts', async () => {
    const { server } = await refusingPuppet();
    await registerAt(server.url);
    await keep();
    await pass(3 * MINUTE_MS);
    const attempts = attemptsOf(server);
    expect(attempts.length).toBeGreaterThan(5);
    expect(attempts).toEqual(attempts.map((_, n) => n + 1));
  });

  it('is delivered once its puppet is back, and then waits no more', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    await pass(2_000);
    expect(attemptsOf(server)).toEqual([1, 2]);
    expect(await hintOf()).toBeNull();
    await pass(10 * MINUTE_MS);
    expect(server.received).toHaveLength(2);
  });

  it('gives way to a newer one, and only the newest is delivered', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    for (const id of ['older', 'newer', 'newest']) await keep({ id });
    const before = server.received.length;
    server.behave(taking);
    await pass(MINUTE_MS);
    expect(idsOf(server).slice(before)).toEqual(['newest']);
  });

  it('is settled by a newer one that the puppet takes', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep({ id: 'older' });
    server.behave(taking);
    expect(await send({ id: 'newer' })).toMatchObject({ delivery: 'delivered' });
    await pass(MINUTE_MS);
    expect(idsOf(server)).toEqual(['older', 'newer']);
    expect(await hintOf()).toBeNull();
  });

  it('is not lost when a newer one comes while it is on its way', async () => {
    const { server, held } = await holdingPuppet();
    await registerAt(server.url);
    await leave({ endpoint: server.url, event: kfEvent({ id: 'older' }) });
    dispatch.waiting.kept.added.wakeUp();
    await pass(20);
    await untilReceived(server, 1);
    const newer = send({ id: 'newer' });
    await untilReceived(server, 2);
    held[1]?.writeHead(500).end();
    await newer;
    held[0]?.end();
    await pass(20);
    await untilReceived(server, 3);
    held[2]?.end();
    await pass(20);
    expect(idsOf(server)).toEqual(['older', 'newer', 'newer']);
    expect(await hintOf()).toBeNull();
  });
});

describe('a receiver that was down', () => {
  it.each([
    [30 * SECOND_MS, 1],
    [3 * MINUTE_MS, 50],
    [9 * MINUTE_MS, 1],
    [15 * MINUTE_MS, 50],
  ])('for %i ms has its first event within 30 s, and all %i accounts theirs', async (outageMs, accounts) => {
    await start();
    const server = await puppetServer(refusing);
    const all = Array.from({ length: accounts }, (_, n) => account(n));
    for (const openKfId of all) await registerAt(server.url, { openKfId });
    await Promise.all(all.map((openKfId) => keep({ id: openKfId, openKfId })));
    await pass(outageMs);

    const before = server.received.length;
    const times: number[] = [];
    server.behave((request, response) => {
      times.push(clock.elapsedMs());
      taking(request, response);
    });
    await pass(30 * SECOND_MS);
    expect(times.length).toBeGreaterThan(0);
    // Resyncs of one corp take their time.
    if (outageMs >= 10 * MINUTE_MS) await pass(10 * MINUTE_MS);
    const accountsOf = server.received.slice(before).map(({ body }) => JSON.parse(body).openKfId);
    expect(accountsOf.toSorted()).toEqual(all.toSorted());
    expect(await waitingCount()).toBe(0);
  });
});

describe('what is sent again', () => {
  let server: PuppetServer;

  beforeEach(async () => {
    await start();
    server = await puppetServer(refusing);
    await registerAt(server.url);
  });

  const lastOf = ({ received }: PuppetServer): Received | undefined => received.at(-1);

  it('is the callback as it came, byte for byte, under the same id', async () => {
    await keep({ raw: RAW });
    server.behave(taking);
    await pass(2_000);
    const [first, second] = server.received;
    expect(second).toMatchObject({
      path: '/callback',
      query: { msg_signature: RAW.msgSignature, timestamp: RAW.timestamp, nonce: RAW.nonce },
      bodyBytes: RAW.body,
    });
    expect(second?.target).toBe(first?.target);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.headers['content-type']).toBe('text/xml');
  });

  it('is its decrypted form, under the same id, when the puppet has other keys by then', async () => {
    await keep({ raw: RAW });
    server.behave(taking);
    await registerAt(server.url, { callbackToken: new Secret('callbackToken2') });
    await pass(0);
    expect(lastOf(server)).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'SYNC', openKfId: ACCOUNT }),
      headers: { 'webhook-id': 'event-1' },
    });
  });

  it('has an empty sync token and another id when the token’s 10 minutes are over', async () => {
    await keep({ raw: RAW });
    await pass(10 * MINUTE_MS - 100);
    expect(new Set(idsOf(server))).toEqual(new Set(['event-1']));
    await pass(MINUTE_MS);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(lastOf(server)).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: '', openKfId: ACCOUNT }),
    });
    expect(idsOf(server).at(-1)).not.toBe('event-1');
    expect(await hintOf()).toBeNull();
  });

  it('has them as much earlier as the event came in late', async () => {
    await keep({ raw: RAW, lagMs: 9 * MINUTE_MS });
    await pass(MINUTE_MS - 100);
    expect(new Set(idsOf(server))).toEqual(new Set(['event-1']));
    await pass(MINUTE_MS);
    server.behave(taking);
    await pass(30 * SECOND_MS);
    expect(lastOf(server)).toMatchObject({ body: JSON.stringify({ token: '', openKfId: ACCOUNT }) });
  });
});

describe('resyncs', () => {
  const old = (): number => clock.nowMs() - 11 * MINUTE_MS;

  it('are at most 6 a minute for one corp, and hold up no other', async () => {
    await start();
    const times = new Map<string, number[]>();
    const server = await puppetServer(taking);
    const all = Array.from({ length: 20 }, (_, n) => account(n));
    for (const openKfId of all) {
      const corpId = openKfId === account(19) ? 'wwCorp_2' : CORP;
      await registerAt(server.url, { openKfId, corpId });
      const event = kfEvent({ openKfId, corpId });
      await leave({ event, endpoint: server.url, arrivedAtMs: old() });
    }
    server.behave((request, response) => {
      const { openKfId } = JSON.parse(server.received.at(-1)?.body ?? '');
      const corp = openKfId === account(19) ? 'other' : 'one';
      times.set(corp, [...(times.get(corp) ?? []), clock.elapsedMs()]);
      taking(request, response);
    });
    const startedMs = clock.elapsedMs();
    dispatch.waiting.kept.added.wakeUp();
    await pass(SECOND_MS);
    expect(times.get('other')).toHaveLength(1);
    await pass(5 * MINUTE_MS);
    const sent = times.get('one') ?? [];
    expect(sent).toHaveLength(19);
    for (const [n, atMs] of sent.entries()) {
      const seventh = sent[n + 6];
      if (seventh !== undefined) expect(seventh - atMs).toBeGreaterThanOrEqual(MINUTE_MS);
    }
    expect((sent.at(-1) ?? 0) - startedMs).toBeLessThan(4 * MINUTE_MS);
    expect(await waitingCount()).toBe(0);
  });

  it('that the puppet saw nothing of are not counted', async () => {
    await start();
    const url = await refusedUrl();
    await registerAt(url);
    await leave({ endpoint: url, arrivedAtMs: old() });
    dispatch.waiting.kept.added.wakeUp();
    await pass(10 * MINUTE_MS);
    expect((await hintOf())?.attempts).toBeGreaterThan(10);
    for (let n = 0; n < 6; n++)
      expect(await dispatch.counters.take(resyncsOf(CORP), clock.nowMs())).toMatchObject({ count: 1 });
  });

  it('that must wait use up no retries', async () => {
    await start();
    const server = await puppetServer(taking);
    await registerAt(server.url);
    for (let n = 0; n < 6; n++) await dispatch.counters.take(resyncsOf(CORP), clock.nowMs());
    await leave({ endpoint: server.url, arrivedAtMs: old(), step: 9, attempts: 12 });
    dispatch.waiting.kept.added.wakeUp();
    await pass(59 * SECOND_MS);
    expect(await hintOf()).toMatchObject({ step: 9, attempts: 12, lastFailure: { stage: 'resync' } });
    expect(server.received).toEqual([]);
    await pass(2 * SECOND_MS);
    expect(server.received).toHaveLength(1);
  });

  it('that must wait leave a hint that only a probe was early with its own time', async () => {
    await start();
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    const dueAtMs = clock.nowMs() + 10 * MINUTE_MS;
    await leave({ endpoint: server.url, arrivedAtMs: old(), step: 9, attempts: 12, dueAtMs });
    for (let n = 0; n < 6; n++) await dispatch.counters.take(resyncsOf(CORP), clock.nowMs() + 15 * SECOND_MS);
    await pass(5 * MINUTE_MS);
    expect(server.received.length).toBeGreaterThan(5);
    expect(await hintOf()).toMatchObject({ step: 9, dueAtMs, lastFailure: { stage: 'status' } });
  });
});

describe('a dead letter', () => {
  beforeEach(async () => {
    await start();
  });

  it('is what no puppet took within 3 days, and is not sent any more', async () => {
    const server = await puppetServer(taking);
    await registerAt(server.url);
    const arrivedAtMs = clock.nowMs() - 3 * DAY_MS + SECOND_MS;
    await leave({ endpoint: server.url, arrivedAtMs, dueAtMs: clock.nowMs() + SECOND_MS });
    await pass(MINUTE_MS);
    expect(await hintOf()).toMatchObject({ state: 'dead', lastFailure: { stage: 'expired' } });
    expect(server.received).toEqual([]);
  });

  it('is what is for an endpoint that cannot be used, until the puppet registers with another', async () => {
    await registerAt('');
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'endpoint' });
    await pass(2_000);
    expect(await hintOf()).toMatchObject({ state: 'dead', lastFailure: { stage: 'endpoint' } });
    const server = await puppetServer();
    await registerAt(server.url);
    await pass(0);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(await hintOf()).toBeNull();
  });

  it('is brought back by a newer event', async () => {
    await registerAt('');
    await keep();
    await pass(2_000);
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await pass(0);
    server.behave(taking);
    await keep({ id: 'newer' }).catch(() => {});
    await pass(MINUTE_MS);
    expect(idsOf(server).at(-1)).toBe('newer');
    expect(await hintOf()).toBeNull();
  });
});

describe('an account that said goodbye', () => {
  it('is tried after 5 s, and online again when its puppet takes the event', async () => {
    await start();
    const server = await puppetServer();
    await registerAt(server.url);
    await dispatch.registry.presence.deregister({ openKfId: ACCOUNT, corpId: CORP });
    expect(await send()).toMatchObject({ delivery: 'pending', stage: 'offline' });
    await pass(4_900);
    expect(server.received).toEqual([]);
    await pass(200);
    expect(idsOf(server)).toEqual(['event-1']);
    expect(dispatch.registry.image.findPuppet(ACCOUNT)?.online).toBe(true);
    expect(await send({ id: 'next' })).toMatchObject({ delivery: 'delivered' });
  });
});
