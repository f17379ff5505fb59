import { beforeEach, describe, expect, it } from '@jest/globals';
import { clock, holdingPuppet, pass, puppetServer } from '../../../test/support/delivery.js';
import { Samples } from '../../../test/support/metrics.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import {
  BUDGET_MS,
  DAY_MS,
  dispatch,
  keep,
  LEASE_MS,
  leave,
  MINUTE_MS,
  refusing,
  registerAt,
  replicasOfEachTest,
  SECOND_MS,
  send,
  start,
  taking,
} from '../../../test/support/redelivery.js';

replicasOfEachTest();

beforeEach(async () => {
  await start();
});

const scraped = async (): Promise<Samples> => new Samples(await dispatch.metrics.registry.metrics());

const DELIVERIES = 'wxkf_delivery_duration_seconds_count';

/** What is not 0 of it, by its labels. */
async function told(name: string): Promise<Record<string, number>> {
  const samples = (await scraped()).find(name).filter(({ value }) => value !== 0);
  return Object.fromEntries(samples.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

describe('deliveries are counted', () => {
  it('by outcome and stage where they were tried at once', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await send();
    server.behave(refusing);
    await keep();
    await registerAt(await refusedUrl());
    await keep();
    expect(await told(DELIVERIES)).toEqual({
      'inline taken ': 1,
      'inline not_taken status': 1,
      'inline not_taken connect': 1,
      'registration not_taken connect': 1,
    });
  });

  it('by occasion where they are tried later, with the age of what was taken', async () => {
    const server = await puppetServer(refusing);
    await registerAt(server.url);
    await keep();
    server.behave(taking);
    await pass(2 * SECOND_MS);
    expect(await told(DELIVERIES)).toEqual({ 'inline not_taken status': 1, 'due taken ': 1 });
    const samples = await scraped();
    expect(samples.value('wxkf_hint_age_seconds_count', { occasion: 'due' })).toBe(1);
    const age = samples.value('wxkf_hint_age_seconds_sum', { occasion: 'due' });
    expect(age).toBeGreaterThanOrEqual(0.8);
    expect(age).toBeLessThanOrEqual(1.3);
  });

  it('when they end, be it after the answer, and then as settled late', async () => {
    const { server, release } = await holdingPuppet();
    await registerAt(server.url);
    const dispatched = send();
    await clock.advance(BUDGET_MS);
    expect(await dispatched).toMatchObject({ delivery: 'pending', stage: 'late' });
    expect(await told(DELIVERIES)).toEqual({});
    release();
    await pass(SECOND_MS);
    expect(await told(DELIVERIES)).toEqual({ 'inline taken ': 1 });
    expect((await scraped()).value('wxkf_late_settles_total')).toBe(1);
    expect(await told('wxkf_hints_kept_total')).toEqual({ late: 1 });
  });
});

describe('hints are counted', () => {
  it('by why they were kept, and when they joined what waited', async () => {
    await keep();
    const server = await puppetServer(refusing);
    await keep();
    await registerAt(server.url);
    await keep();
    expect(await told('wxkf_hints_kept_total')).toEqual({ unregistered: 2, status: 1 });
    expect((await scraped()).value('wxkf_hints_coalesced_total')).toBe(2);
  });

  it('when they shared a write with a newer one', async () => {
    await Promise.all([keep({ id: 'a' }), keep({ id: 'b' }), keep({ id: 'c' })]);
    expect(await told('wxkf_hints_kept_total')).toEqual({ unregistered: 3 });
    expect((await scraped()).value('wxkf_hints_coalesced_total')).toBe(2);
  });

  it('when a puppet took them without a sync token, whose time was over', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    await leave({ arrivedAtMs: clock.nowMs() - 11 * MINUTE_MS, endpoint: server.url });
    await pass(2 * SECOND_MS);
    expect(server.received[0]?.body).toContain('"token":""');
    const samples = await scraped();
    expect(samples.value('wxkf_hints_resynced_total')).toBe(1);
    expect(samples.value('wxkf_hint_age_seconds_bucket', { occasion: 'due', le: '600' })).toBe(0);
    expect(samples.value('wxkf_hint_age_seconds_bucket', { occasion: 'due', le: '1800' })).toBe(1);
  });

  it('when they are buried, be it that nobody took them or that nobody came', async () => {
    const arrivedAtMs = clock.nowMs() - 3 * DAY_MS;
    await leave({ arrivedAtMs, endpoint: 'http://puppet:8080' });
    await pass(2 * SECOND_MS);
    await leave({ arrivedAtMs, dueAtMs: null });
    await pass(30 * SECOND_MS);
    expect(await told('wxkf_hints_buried_total')).toEqual({ expired: 2 });
  });

  it('when their lease was left by another', async () => {
    const server = await puppetServer();
    await registerAt(server.url);
    const nowMs = clock.nowMs();
    await leave({ endpoint: server.url, lease: { id: 'of another', untilMs: nowMs + LEASE_MS } });
    await pass(LEASE_MS - SECOND_MS);
    expect((await scraped()).value('wxkf_leases_taken_over_total')).toBe(0);
    await pass(3 * SECOND_MS);
    expect(server.received).toHaveLength(1);
    expect((await scraped()).value('wxkf_leases_taken_over_total')).toBe(1);
  });
});
