/**
 * The whole of dispatch on a clock that stands still, real puppets on sockets, and a queue of events in memory; as one
 * replica or several on one table and one queue.
 */
import { pino } from 'pino';
import { type Environment, loadConfig } from '../../src/config/config.js';
import { Dispatcher } from '../../src/dispatch/inline/try.js';
import { InlineKeeper } from '../../src/dispatch/inline/keep.js';
import { InlineWakes } from '../../src/dispatch/inline/wakes.js';
import { Overload } from '../../src/dispatch/inline/overload.js';
import { SeenEvents } from '../../src/dispatch/inline/seen-events.js';
import { DispatchMetrics } from '../../src/dispatch/endpoint/dispatch-metrics.js';
import { BackgroundWork } from '../../src/kernel/background-work.js';
import { Circuits } from '../../src/dispatch/endpoint/circuits.js';
import { noRecorder } from './recorder.js';
import { Past } from '../../src/log/past.js';
import { Deliveries } from '../../src/dispatch/endpoint/deliveries.js';
import { AttemptOutcomes } from '../../src/dispatch/endpoint/attempt-outcomes.js';
import { BotEndpoints } from '../../src/dispatch/endpoint/bot-endpoint.js';
import type { Carrier } from '../../src/dispatch/endpoint/carrier.js';
import { HttpCarrier } from '../../src/dispatch/http/http-carrier.js';
import { HintKeeper } from '../../src/dispatch/later/hint-keeper.js';
import { EventQueue } from '../../src/queue/event-queue.js';
import { WaitingHints } from '../../src/dispatch/later/waiting-hints.js';
import { MemoryQueueStore } from './memory-queue.js';
import type { QueueStore } from '../../src/storage/queue/queue-store.js';
import { HintLog } from '../../src/dispatch/later/hint-log.js';
import { ResyncBudget } from '../../src/dispatch/later/resync-budget.js';
import { HintOutcomes } from '../../src/dispatch/later/outcomes.js';
import { HintSender } from '../../src/dispatch/later/sender.js';
import { StrandedHints } from '../../src/dispatch/later/stranded-hints.js';
import { QueuePatrol } from '../../src/dispatch/later/patrol.js';
import { Redelivery } from '../../src/dispatch/later/redelivery.js';
import { RegistrationClaims } from '../../src/dispatch/later/registration-claims.js';
import { RetryLoops } from '../../src/dispatch/later/loops.js';
import type { Clock } from '../../src/kernel/clock.js';
import { HealthyLogLines } from '../../src/kernel/healthy-log-lines.js';
import { NoTracing } from '../../src/kernel/tracing.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { EndpointPolicy } from '../../src/registry/endpoint/endpoint-policy.js';
import type { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import type { SecretCheck } from '../../src/registry/puppets/secret-check.js';
import type { Counters } from '../../src/storage/counters/counters.js';
import { MemoryCounters } from '../../src/storage/counters/memory-counters.js';
import { FakeSecretCheck } from './fake-secret-check.js';
import type { RecordStore } from '../../src/storage/records/records.js';
import { MemoryRecords } from './memory-records.js';
import { MemoryPuppetRepository } from './memory-puppet.repository.js';
import { NoDueMessages, NoTriedEvents, NoWaitingMessages } from './no-messages.js';
import { openRegistry, openRegistryImage, type TestRegistry } from './registry.js';

export interface DispatchParts {
  readonly repository: PuppetRepository;
  readonly records: RecordStore;
  readonly queue: QueueStore;
  /** Over the queue, unless it is given. */
  readonly events: EventQueue;
  readonly counters: Counters;
  readonly client: HttpCarrier;
  /** Besides the client. */
  readonly carriers: readonly Carrier[];
  readonly secrets: SecretCheck;
}

export interface Dispatch extends DispatchParts {
  readonly registry: TestRegistry;
  readonly circuits: Circuits;
  readonly deliveries: Deliveries;
  readonly past: Past;
  readonly dispatcher: Dispatcher;
  readonly dispatchMetrics: DispatchMetrics;
  readonly keeper: HintKeeper;
  readonly botEndpoints: BotEndpoints;
  readonly tried: NoTriedEvents;
  readonly metrics: Metrics;
  readonly overload: Overload;
  readonly waiting: WaitingHints;
  readonly keeping: InlineKeeper;
  readonly wakes: InlineWakes;
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
  const tracing = new NoTracing();
  const {
    repository = new MemoryPuppetRepository(),
    records = new MemoryRecords(),
    queue = new MemoryQueueStore(),
    events = new EventQueue(queue, clock),
    counters = new MemoryCounters(),
    client = new HttpCarrier(clock, log, new EndpointPolicy(config), tracing),
    secrets = new FakeSecretCheck(),
    carriers = [],
  } = parts;
  const metrics = new Metrics();
  const dispatchMetrics = new DispatchMetrics(metrics);
  const past = new Past(clock);
  const deliveries = new Deliveries(dispatchMetrics, noRecorder(clock, past), clock);
  const ofRegistry = { repository, records, secrets, log, config, history: past };
  const image = openRegistryImage(clock, ofRegistry);
  const { connected, destinations, presence, sync, policy } = image;

  const circuits = new Circuits(clock);
  const [tried, dueMessages] = [new NoTriedEvents(), new NoDueMessages()];
  const waiting = new WaitingHints(
    events,
    new MemoryQueueStore(),
    new NoWaitingMessages(),
    clock,
    clock,
    log,
  );
  const late = new BackgroundWork();
  const attemptOutcomes = new AttemptOutcomes(circuits, deliveries, waiting, tried, presence, late, clock);
  const botEndpoints = new BotEndpoints([...carriers, client], circuits, deliveries, attemptOutcomes, late);
  const keeper = new HintKeeper(events, dispatchMetrics, clock, log);
  const hintLog = new HintLog(log, new HealthyLogLines(1), noRecorder(clock));
  const outcomes = new HintOutcomes(keeper, dispatchMetrics, hintLog, clock, clock);
  const sender = new HintSender(
    destinations,
    botEndpoints,
    new ResyncBudget(counters, clock, clock),
    outcomes,
    hintLog,
    clock,
    clock,
  );
  const loops = new RetryLoops(waiting, sender, dueMessages, circuits, connected, clock, clock, log);
  const stranded = new StrandedHints(destinations, outcomes, clock);
  const patrol = new QueuePatrol(waiting, stranded, dueMessages, destinations, circuits, clock, log);
  const redelivery = new Redelivery(sync, circuits, loops, patrol, keeper, late, client);
  const claims = new RegistrationClaims(waiting, loops, circuits, policy, late, clock, log);
  const registry = openRegistry(clock, ofRegistry, image, claims);

  const overload = new Overload(config, clock, log);
  const wakes = new InlineWakes(waiting, destinations, botEndpoints, clock);
  const keeping = new InlineKeeper(keeper, waiting, wakes, late, tracing, clock, clock);
  const seen = new SeenEvents(clock);
  const dispatcher = new Dispatcher(destinations, botEndpoints, keeping, keeper, seen, overload, clock);
  return {
    ...{ repository, records, queue, events, counters, client, secrets, carriers },
    ...{ registry, circuits, past, deliveries, dispatcher, dispatchMetrics, keeper, botEndpoints, metrics },
    ...{ overload, waiting, tried, keeping, wakes },
    start: () => {
      registry.start();
      redelivery.onApplicationBootstrap();
    },
    close: async () => {
      overload.onApplicationShutdown();
      await Promise.all([redelivery.onApplicationShutdown(), registry.close()]);
    },
  };
}
