import { beforeEach, describe, expect, it } from '@jest/globals';
import { openDispatch } from '../../test/support/dispatch.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Samples } from '../../test/support/metrics.js';
import { registration } from '../../test/support/puppets.js';
import type { TestRegistry } from '../../test/support/registry.js';
import { Metrics } from '../metrics/metrics.js';
import { CallbackMetrics } from './callback-metrics.js';

let metrics: Metrics;
let registry: TestRegistry;

beforeEach(() => {
  metrics = new Metrics();
  ({ registry } = openDispatch(new ManualClock()));
});

const scraped = async (): Promise<Samples> => new Samples(await metrics.registry.metrics());

function end(callbacks: CallbackMetrics, corpId?: string): void {
  callbacks.began('encrypted');
  callbacks.ended('encrypted', 'delivered', 0.01, corpId);
}

it('counts callbacks, those under way, and verifications, for /health too', async () => {
  const callbacks = new CallbackMetrics(metrics, registry.corps, { metricsCorpLabel: false });
  callbacks.began('encrypted');
  callbacks.began('decrypted');
  callbacks.ended('decrypted', 'refused', 0.2, undefined);
  for (const result of ['verified', 'refused', 'failed'] as const) {
    callbacks.began('verification');
    callbacks.ended('verification', result, 0.1, undefined);
  }
  const samples = await scraped();
  expect(samples.value('wxkf_callbacks_under_way')).toBe(1);
  const ended = { form: 'decrypted', result: 'refused' };
  expect(samples.value('wxkf_callback_duration_seconds_count', ended)).toBe(1);
  expect(samples.value('wxkf_callback_duration_seconds_bucket', { ...ended, le: '0.1' })).toBe(0);
  expect(samples.value('wxkf_callback_duration_seconds_bucket', { ...ended, le: '0.25' })).toBe(1);
  expect(samples.sum('wxkf_verification_requests_total')).toBe(3);
  expect(callbacks.toJSON()).toEqual({
    verified: 1,
    delivered: 0,
    pending: 0,
    ignored: 0,
    refused: 2,
    not_taken: 0,
    failed: 1,
  });
});

describe('the corp', () => {
  const CALLBACKS = 'wxkf_corp_callbacks_total';

  async function know(count: number): Promise<string[]> {
    const corpIds = Array.from({ length: count }, (_, n) => `wwCorp_${n}`);
    for (const corpId of corpIds)
      (await registry.registrations.register(registration({ corpId, openKfId: `wk-${corpId}` }))).answered();
    return corpIds;
  }

  it('is told only where that is switched on', async () => {
    const [corpId] = await know(1);
    end(new CallbackMetrics(metrics, registry.corps, { metricsCorpLabel: false }), corpId);
    expect((await scraped()).text).not.toContain(corpId);
  });

  it('is told of those that are known, up to a thousand; the rest is of others', async () => {
    const callbacks = new CallbackMetrics(metrics, registry.corps, { metricsCorpLabel: true });
    const corpIds = await know(1_002);
    for (const corpId of corpIds) end(callbacks, corpId);
    for (const corpId of ['wwUnknown', undefined]) end(callbacks, corpId);
    end(callbacks, corpIds[0]);
    const samples = await scraped();
    const delivered = (corp = '') => samples.value(CALLBACKS, { corp, result: 'delivered' });
    expect([delivered(corpIds[0]), delivered(corpIds[999]), delivered('other')]).toEqual([2, 1, 4]);
    expect(samples.find(CALLBACKS, { corp: corpIds[0] ?? '' })).toHaveLength(6);
    expect(samples.find(CALLBACKS, { result: 'delivered' })).toHaveLength(1_001);
    expect(samples.text).not.toContain('wwUnknown');
  });
});
