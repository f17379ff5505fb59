import { beforeEach, describe, expect, it } from '@jest/globals';
import { Samples } from '../../test/support/metrics.js';
import { byValue, Metrics, only, type Sample } from './metrics.js';

let metrics: Metrics;

beforeEach(() => {
  metrics = new Metrics();
});

const scraped = async (): Promise<Samples> => new Samples(await metrics.registry.metrics());

describe('what is counted', () => {
  it('is there as 0 before anything happens, under every label', async () => {
    const things = metrics.counter<'kind'>('things_total', 'Things.');
    byValue(['good', 'bad'], (kind) => things({ kind }));
    metrics.histogram<'kind'>('times_seconds', 'Times.', [1, 2])({ kind: 'good' });
    metrics.counter('plain_total', 'Without labels.')({});
    const samples = await scraped();
    expect(samples.find('things_total').map(({ labels, value }) => [labels.kind, value])).toEqual([
      ['good', 0],
      ['bad', 0],
    ]);
    expect(samples.value('times_seconds_count', { kind: 'good' })).toBe(0);
    expect(samples.value('times_seconds_bucket', { kind: 'good', le: '+Inf' })).toBe(0);
    expect(samples.value('plain_total')).toBe(0);
    const families = [...samples.families.values()].filter(({ name }) => !name.startsWith('wxkf_'));
    expect(families.map(({ name, type, help }) => [name, type, help])).toEqual([
      ['things_total', 'counter', 'Things.'],
      ['times_seconds', 'histogram', 'Times.'],
      ['plain_total', 'counter', 'Without labels.'],
    ]);
  });

  it('is of one process: another registry has its own', async () => {
    new Metrics().counter('things_total', 'Things.')({}).add();
    metrics.counter('things_total', 'Things.')({});
    expect((await scraped()).value('things_total')).toBe(0);
  });

  it('rises by one or by several', async () => {
    const things = metrics.counter('things_total', 'Things.')({});
    things.add();
    things.add(3);
    expect((await scraped()).value('things_total')).toBe(4);
  });

  it('is in each bucket whose bound it is not longer than, in the sum and in the count', async () => {
    const good = metrics.histogram<'kind'>('times_seconds', 'Times.', [1, 2.5])({ kind: 'good' });
    for (const seconds of [0, 1, 1.5, 2.5, 100]) good.observe(seconds);
    const samples = await scraped();
    const buckets = samples.find('times_seconds_bucket').map(({ labels, value }) => [labels.le, value]);
    expect(buckets).toEqual([
      ['1', 2],
      ['2.5', 4],
      ['+Inf', 5],
    ]);
    expect([samples.value('times_seconds_sum'), samples.value('times_seconds_count')]).toEqual([105, 5]);
  });
});

describe('what is read at a scrape', () => {
  it('is each time what is so then', async () => {
    let value = 1;
    metrics.reads('gauge', 'things', 'Things.', () => only(value));
    expect((await scraped()).value('things')).toBe(1);
    value = 5;
    expect((await scraped()).value('things')).toBe(5);
  });

  it.each([{ labels: {} }, { labels: { kind: 'a "good" \\ one\n' } }])(
    'is left out where it is not known then, and back when it is: %j',
    async ({ labels }) => {
      let samples: readonly Sample[] = [];
      metrics.reads('gauge', 'things', 'Things.', async () => samples);
      expect((await scraped()).names()).not.toContain('things');
      expect((await scraped()).families.get('things')?.type).toBe('gauge');
      samples = [{ labels: labels as Sample['labels'], value: 7 }];
      expect((await scraped()).find('things')).toEqual([{ name: 'things', labels, value: 7 }]);
    },
  );

  it('takes no other metric with it where it cannot be read, and is counted', async () => {
    metrics.reads('gauge', 'broken', 'Broken.', () => {
      throw new Error('no');
    });
    metrics.reads('gauge', 'sound', 'Sound.', () => only(1));
    await scraped();
    const samples = await scraped();
    expect(samples.find('broken')).toEqual([]);
    expect(samples.value('sound')).toBe(1);
    expect(samples.value('wxkf_metric_read_failures_total')).toBeGreaterThan(0);
  });
});
