/**
 * The whole of dispatch on a clock that stands still, real puppets on sockets, and an outbox in memory; as one
 * replica or several on one table and one outbox.
 */
import { pino } from 'pino';
import { type Environment, loadConfig } from '../../src/config/config.js';
import { Deliveries } from '../../src/dispatch/deliveries.js';
import { DispatchMetrics } from '../../src/dispatch/dispatch-metrics.js';
import { Dispatcher } from '../../src/dispatch/dispatcher.js';
import { HintKeeper } from '../../src/dispatch/hint-keeper.js';
import { LocalOutbox, MemoryHintStore } from '../../src/dispatch/local-outbox.js';
import type { Outbox } from '../../src/dispatch/outbox.js';
import { Overload } from '../../src/dispatch/overload.js';
import { PuppetClient } from '../../src/dispatch/puppet-client.js';
import { Redelivery } from '../../src/dispatch/redelivery.js';
import type { ResyncBudget } from '../../src/dispatch/resync-budget.js';
import { SeenEvents } from '../../src/dispatch/seen-events.js';
import type { Clock } from '../../src/kernel/clock.js';
import { HealthyLines } from '../../src/kernel/healthy-lines.js';
import { NoTracing } from '../../src/kernel/tracing.js';
import { Metrics } from '../../src/metrics/metrics.js';
import type { AppRepository } from '../../src/registry/apps/app.repository.js';
import { EndpointPolicy } from '../../src/registry/endpoint-policy.js';
import type { PuppetRepository } from '../../src/registry/puppet.repository.js';
import { RegistryService } from '../../src/registry/registry.service.js';
import type { SecretCheck } from '../../src/registry/secret-check.js';
import { FakeSecretCheck } from './fake-secret-check.js';
import { MemoryAppRepository } from './memory-app.repository.js';
import { MemoryPuppetRepository } from './memory-puppet.repository.js';
import { MemoryResyncBudget } from './memory-resync-budget.js';

export interface DispatchParts {
  readonly repository: PuppetRepository;
  readonly apps: AppRepository;
  readonly outbox: Outbox;
  readonly budget: ResyncBudget;
  readonly client: PuppetClient;
  readonly secrets: SecretCheck;
}

export interface Dispatch extends DispatchParts {
  readonly registry: RegistryService;
  readonly keeper: HintKeeper;
  readonly redelivery: Redelivery;
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  readonly dispatchMetrics: DispatchMetrics;
  readonly overload: Overload;
  readonly deliveries: Deliveries;
  /** Begins what goes on by itself: the registry's refresh, the retry loops. */
  start(): void;
  close(): Promise<void>;
}

/** @param env settings that are not the defaults. */
export function openDispatch(
  clock: Clock,
  parts: Partial<DispatchParts> = {},
  env: Environment = {},
): Dispatch {
  const log = pino({ level: 'silent' });
  const config = loadConfig(env);
  const {
    repository = new MemoryPuppetRepository(),
    apps = new MemoryAppRepository(),
    outbox = new LocalOutbox(new MemoryHintStore()),
    budget = new MemoryResyncBudget(),
    client = new PuppetClient(clock, log, new EndpointPolicy(config), new NoTracing()),
    secrets = new FakeSecretCheck(),
  } = parts;
  // Store time is the clock's own here.
  const registry = new RegistryService(repository, apps, secrets, clock, clock, log, config);
  const metrics = new Metrics();
  const dispatchMetrics = new DispatchMetrics(metrics);
  const deliveries = new Deliveries(clock);
  const keeper = new HintKeeper(outbox, dispatchMetrics, clock, log);
  const redelivery = new Redelivery(
    outbox,
    budget,
    client,
    registry,
    keeper,
    dispatchMetrics,
    deliveries,
    clock,
    clock,
    log,
    new HealthyLines(1),
  );
  const overload = new Overload(config, clock, log);
  const dispatcher = new Dispatcher(
    client,
    registry,
    keeper,
    new SeenEvents(clock),
    redelivery,
    dispatchMetrics,
    deliveries,
    overload,
    clock,
    clock,
    new NoTracing(),
  );
  return {
    repository,
    apps,
    outbox,
    budget,
    registry,
    client,
    secrets,
    keeper,
    redelivery,
    dispatcher,
    metrics,
    dispatchMetrics,
    overload,
    deliveries,
    start: () => {
      registry.onApplicationBootstrap();
      redelivery.onApplicationBootstrap();
    },
    close: async () => {
      overload.onApplicationShutdown();
      await Promise.all([redelivery.onApplicationShutdown(), registry.onApplicationShutdown()]);
    },
  };
}
