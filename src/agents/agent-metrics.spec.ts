import { expect, it } from '@jest/globals';
import { Samples } from '../../test/support/metrics.js';
import { Metrics } from '../metrics/metrics.js';
import { AgentMetrics } from './agent-metrics.js';

it('a question is counted by what came of it, and not where no service got it', async () => {
  const metrics = new Metrics();
  const counted = new AgentMetrics(metrics);
  for (const result of ['answered', 'key', 'unpublished', 'filtered', 'saturated', 'withdrawn'] as const)
    counted.asked(result, 1_000, null);
  const samples = new Samples(await metrics.registry.metrics());
  const counts = samples.find('wxkf_agent_duration_seconds_count').filter(({ value }) => value > 0);
  expect(Object.fromEntries(counts.map(({ labels, value }) => [labels.result, value]))).toEqual({
    answered: 1,
    key: 1,
    refused: 2,
  });
});
