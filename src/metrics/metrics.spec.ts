import { beforeEach, describe, expect, it } from '@jest/globals';
import { Samples } from '../../test/support/metrics.js';
import { METRICS } from './metric-table.js';
import { byValue, Metrics, only, type Sample } from './metrics.js';

let metrics: Metrics;

beforeEach(() => {
  metrics = new Metrics();
});

const scraped = async (): Promise<Samples> => new Samples(await metrics.registry.metrics());

describe('what is counted', () => {
  it('is there as 0 before anything happens, under every label', async () => {
    const calls = metrics.counter('wxkf_oidc_calls_total');
    byValue(['answered', 'failed'], (result) => calls({ result }));
    metrics.histogram('wxkf_proxy_call_duration_seconds', [1, 2])({ result: 'answered' });
    metrics.counter('wxkf_late_settles_total')({});
    const samples = await scraped();
    expect(samples.find('wxkf_oidc_calls_total').map(({ labels, value }) => [labels.result, value])).toEqual([
      ['answered', 0],
      ['failed', 0],
    ]);
    expect(samples.value('wxkf_proxy_call_duration_seconds_count', { result: 'answered' })).toBe(0);
    expect(samples.value('wxkf_proxy_call_duration_seconds_bucket', { result: 'answered', le: '+Inf' })).toBe(
      0,
    );
    expect(samples.value('wxkf_late_settles_total')).toBe(0);
  });

  it('is of one process: another registry has its own', async () => {
    new Metrics().counter('wxkf_late_settles_total')({}).add();
    metrics.counter('wxkf_late_settles_total')({});
    expect((await scraped()).value('wxkf_late_settles_total')).toBe(0);
  });

  it('rises by one or by several', async () => {
    const settles = metrics.counter('wxkf_late_settles_total')({});
    settles.add();
    settles.add(3);
    expect((await scraped()).value('wxkf_late_settles_total')).toBe(4);
  });

  it('is in each bucket whose bound it is not longer than, in the sum and in the count', async () => {
    const ages = metrics.histogram('wxkf_message_age_seconds', [1, 2.5])({});
    for (const seconds of [0, 1, 1.5, 2.5, 100]) ages.observe(seconds);
    const samples = await scraped();
    const buckets = samples
      .find('wxkf_message_age_seconds_bucket')
      .map(({ labels, value }) => [labels.le, value]);
    expect(buckets).toEqual([
      ['1', 2],
      ['2.5', 4],
      ['+Inf', 5],
    ]);
    expect(samples.value('wxkf_message_age_seconds_sum')).toBe(105);
    expect(samples.value('wxkf_message_age_seconds_count')).toBe(5);
  });
});

describe('what is read at a scrape', () => {
  it('is each time what is so then', async () => {
    let value = 1;
    metrics.reads('wxkf_stream_clients', () => only(value));
    expect((await scraped()).value('wxkf_stream_clients')).toBe(1);
    value = 5;
    expect((await scraped()).value('wxkf_stream_clients')).toBe(5);
  });

  it('is left out where it is not known then, and back when it is', async () => {
    let samples: readonly Sample[] = [];
    metrics.reads('wxkf_stream_clients', async () => samples);
    expect((await scraped()).names()).not.toContain('wxkf_stream_clients');
    expect((await scraped()).families.get('wxkf_stream_clients')?.type).toBe('gauge');
    samples = only(7);
    expect((await scraped()).value('wxkf_stream_clients')).toBe(7);
  });

  it('has whatever its labels hold', async () => {
    const labels = { origin: 'a "good" \\ one\n' };
    metrics.reads('wxkf_open_circuits', () => [{ labels, value: 7 }]);
    expect((await scraped()).find('wxkf_open_circuits')).toEqual([
      { name: 'wxkf_open_circuits', labels, value: 7 },
    ]);
  });

  it('takes no other metric with it where it cannot be read, and is counted', async () => {
    metrics.reads('wxkf_hints', () => {
      throw new Error('no');
    });
    metrics.reads('wxkf_ready', () => only(1));
    await scraped();
    const samples = await scraped();
    expect(samples.find('wxkf_hints')).toEqual([]);
    expect(samples.value('wxkf_ready')).toBe(1);
    expect(samples.value('wxkf_metric_read_failures_total')).toBeGreaterThan(0);
  });
});

it('has type and text of its row in the table', async () => {
  metrics.histogram('wxkf_message_age_seconds', [1])({});
  const { type, help } = (await scraped()).families.get('wxkf_message_age_seconds') ?? {};
  expect({ type, help }).toEqual({ type: 'histogram', help: METRICS.wxkf_message_age_seconds.meaning });
});
