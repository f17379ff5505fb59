import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { Samples } from '../../../test/support/metrics.js';
import { registration } from '../../../test/support/puppets.js';
import { AppError } from '../../kernel/app-error.js';
import type { ErrorCode } from '../../kernel/error-table.js';
import { Metrics } from '../../metrics/metrics.js';
import type { ChangeCursor, Changes } from '../../storage/puppets/puppet.repository.js';
import { RegistryMetrics } from './registry-metrics.js';

/** A store that may be away. */
class AwayRepository extends MemoryPuppetRepository {
  isAway = false;

  override async changes(cursor: ChangeCursor | null): Promise<Changes> {
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    return super.changes(cursor);
  }
}

const AGE = 'wxkf_registry_sync_age_seconds';

let clock: ManualClock;
let repository: AwayRepository;
let registry: TestRegistry;
let metrics: Metrics;
let counts: RegistryMetrics;

beforeEach(() => {
  clock = new ManualClock();
  repository = new AwayRepository();
  registry = openRegistry(clock, { repository });
  metrics = new Metrics();
  counts = new RegistryMetrics(metrics, registry.image, registry.sync);
});

afterEach(() => registry.close());

const scraped = async (): Promise<Samples> => new Samples(await metrics.registry.metrics());

it('tells how old the registry is once it is loaded, and that of one that nobody else writes is not old', async () => {
  expect((await scraped()).find(AGE)).toEqual([]);
  registry.start();
  await registry.sync.whenLoaded();
  await clock.advance(10_000);
  expect((await scraped()).value(AGE)).toBeLessThanOrEqual(2);
  repository.isAway = true;
  await clock.advance(60_000);
  expect((await scraped()).value(AGE)).toBeGreaterThanOrEqual(60);
  repository.isAway = false;
  await clock.advance(2_000);
  expect((await scraped()).value(AGE)).toBeLessThanOrEqual(2);
  Object.defineProperty(repository, 'isShared', { value: false });
  expect((await scraped()).value(AGE)).toBe(0);
});

it('tells how many puppets there are, by whether they are online', async () => {
  for (const openKfId of ['wk1', 'wk2', 'wk3'])
    (await registry.registrations.register(registration({ openKfId }))).answered();
  await registry.presence.deregister({ openKfId: 'wk2', corpId: registration().corpId });
  const samples = await scraped();
  const puppets = (state: string) => samples.value('wxkf_puppets', { state });
  expect([puppets('online'), puppets('offline')]).toEqual([2, 1]);
});

it.each<[ErrorCode | null, string]>([
  [null, 'accepted'],
  ['REGISTRY_SECRET_REFUSED', 'refused'],
  ['REQUEST_INVALID', 'refused'],
  ['REGISTRY_FULL', 'full'],
  ['REGISTRY_CORP_FULL', 'full'],
  ['REGISTRY_SECRET_UNVERIFIED', 'failed'],
  ['STORE_UNAVAILABLE', 'failed'],
])('counts a registration that ends with %s as %s, and lets it end so', async (code, result) => {
  const work = async (): Promise<string> => {
    if (code !== null) throw new AppError(code);
    return 'done';
  };
  const ended = await counts.counted('register', work).catch((error: AppError) => error.code);
  expect(ended).toBe(code ?? 'done');
  const samples = await scraped();
  expect(samples.sum('wxkf_registrations_total')).toBe(1);
  expect(samples.value('wxkf_registrations_total', { action: 'register', result })).toBe(1);
});
