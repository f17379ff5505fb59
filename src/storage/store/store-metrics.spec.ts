import { expect, it } from '@jest/globals';
import { Samples } from '../../../test/support/metrics.js';
import { AppError } from '../../kernel/app-error.js';
import { Metrics } from '../../metrics/metrics.js';
import { StoreMetrics } from './store-metrics.js';

it.each([
  ['what it gives', Promise.resolve('given'), 'ok'],
  ['that it refuses, being well', Promise.reject(new AppError('OUTBOX_FULL')), 'ok'],
  ['that it does not answer', Promise.reject(new AppError('STORE_UNAVAILABLE')), 'failed'],
  ['that something else is wrong', Promise.reject(new Error('something else')), 'failed'],
])('an operation ends with %s, and is counted so', async (_what, work, result) => {
  const metrics = new Metrics();
  const store = new StoreMetrics('embedded', ['read', 'write'], metrics);
  const ended = store.measured('write', work);
  expect(await ended.catch((error: unknown) => error)).toBe(await work.catch((error: unknown) => error));
  const samples = new Samples(await metrics.registry.metrics());
  const name = 'wxkf_store_operation_duration_seconds_count';
  expect(samples.sum(name)).toBe(1);
  expect(samples.value(name, { store: 'embedded', operation: 'write', result })).toBe(1);
});
