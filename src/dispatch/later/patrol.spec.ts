import { putOne } from '../../../test/support/event-steps.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { NoDueMessages, NoWaitingMessages } from '../../../test/support/no-messages.js';
import { registration } from '../../../test/support/puppets.js';
import { noRecorder } from '../../../test/support/recorder.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { AppError } from '../../kernel/app-error.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Metrics } from '../../metrics/metrics.js';
import { Circuits } from '../endpoint/circuits.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import type { Hint, NewHint } from '../../queue/event.js';
import { HintKeeper } from './hint-keeper.js';
import { WaitingHints } from './waiting-hints.js';
import { HintLog } from './hint-log.js';
import { HintOutcomes } from './outcomes.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import { MemoryEventQueue } from '../../../test/support/memory-event-queue.js';
import { QueuePatrol } from './patrol.js';
import { StrandedHints } from './stranded-hints.js';

const ROUND_MS = 20_000;
const DAY_MS = 24 * 3_600_000;
const { openKfId: ACCOUNT, corpId: CORP } = registration();
const ENDPOINT = 'http://puppet:8080';
const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });

let lines: Record<string, unknown>[];
let clock: ManualClock;
let events: MemoryEventQueue;
let registry: TestRegistry;
let circuits: Circuits;
let patrol: QueuePatrol;
let waiting: WaitingHints;
let dueMessages: NoDueMessages;
/** Endpoints whose probes were due. */
let probed: string[];
/** How often it was told that something has become due. */
let rounds: number;

beforeEach(() => {
  lines = [];
  clock = new ManualClock();
  events = new MemoryEventQueue();
  registry = openRegistry(clock);
  probed = [];
  rounds = 0;
  dueMessages = new NoDueMessages();
  circuits = new Circuits(clock);
  circuits.start((endpoint) => {
    probed.push(endpoint);
    circuits.nothingToProbe(endpoint);
  });
  waiting = new WaitingHints(events, new MemoryQueueStore(), new NoWaitingMessages(), clock, clock, log);
  waiting.kept.added.wakeUp = () => {
    rounds++;
  };
  const metrics = new DispatchMetrics(new Metrics());
  const keeper = new HintKeeper(events, metrics, clock, log);
  const hintLog = new HintLog(log, new HealthyLogLines(1), noRecorder(clock));
  const outcomes = new HintOutcomes(keeper, metrics, hintLog, clock, clock);
  const { destinations } = registry;
  const stranded = new StrandedHints(destinations, outcomes, clock);
  patrol = new QueuePatrol(waiting, stranded, dueMessages, destinations, circuits, clock, log);
});

afterEach(async () => {
  patrol.stop();
  circuits.stop();
  expect(clock.pendingTimers).toBe(0);
});

async function start(): Promise<void> {
  patrol.start();
  await clock.advance(0);
}

async function registerAt(endpoint: string, corpId = CORP): Promise<void> {
  (await registry.registrations.register(registration({ endpoint, corpId }))).answered();
}

async function park(fields: Partial<NewHint> = {}): Promise<void> {
  const parked = {
    keysId: null,
    attempts: 0,
    step: 0,
    dueAtMs: null,
    endpoint: null,
    failure: null,
    lease: null,
  };
  await putOne(
    events,
    { event: kfEvent(), isFirst: () => false, arrivedAtMs: clock.nowMs(), ...parked, ...fields },
    clock.nowMs(),
  );
}

const find = (openKfId = ACCOUNT): Promise<Hint | null> => events.find({ corpId: CORP, openKfId });

/** Messages wait for these endpoints. @returns how often they were looked at. */
function joinMessages(endpoints: readonly string[]): { looks: number } {
  const counted = { looks: 0 };
  dueMessages.lines.listEndpoints = async () => endpoints;
  dueMessages.lookAtAll = async () => void counted.looks++;
  return counted;
}

describe('what was kept for nobody', () => {
  it('becomes due when its puppet is known by then', async () => {
    await park();
    await start();
    expect(await find()).toMatchObject({ state: 'parked' });
    await registerAt(ENDPOINT);
    await clock.advance(ROUND_MS);
    expect(await find()).toMatchObject({ state: 'waiting', dueAtMs: clock.nowMs(), endpoint: ENDPOINT });
    expect(rounds).toBe(2);
  });

  it('waits on while its account is another corp’s', async () => {
    await park();
    await registerAt(ENDPOINT, 'wwCorp_2');
    await start();
    expect(await find()).toMatchObject({ state: 'parked' });
  });

  it('waits on while its puppet has an endpoint that cannot be used', async () => {
    await park();
    await registerAt('');
    await start();
    expect(await find()).toMatchObject({ state: 'parked' });
  });

  it('is a dead letter after 3 days, and not before, with a line', async () => {
    await park({ arrivedAtMs: clock.nowMs() - 3 * DAY_MS + ROUND_MS });
    await start();
    await clock.advance(ROUND_MS - 1);
    expect(await find()).toMatchObject({ state: 'parked' });
    expect(lines).toEqual([]);
    await clock.advance(1);
    expect(await find()).toMatchObject({ state: 'dead', lastFailure: { stage: 'expired' } });
    const buried = { openKfId: ACCOUNT, corpId: CORP, stage: 'expired', ageS: 3 * 86_400 };
    expect(lines).toMatchObject([{ level: 40, msg: 'hint.buried', ...buried }]);
  });

  it('is looked at whole, a page at a time', async () => {
    for (let n = 0; n < 450; n++) await park({ event: kfEvent({ openKfId: `wkOther-${n}` }) });
    await park();
    await registerAt(ENDPOINT);
    await start();
    expect(await find()).toMatchObject({ state: 'waiting' });
    expect(await events.counts()).toMatchObject({ waiting: 1, parked: 450 });
  });
});

describe('an endpoint that hints wait for', () => {
  const wait = (): Promise<void> => park({ dueAtMs: clock.nowMs() + DAY_MS, endpoint: ENDPOINT });

  it('is probed within 20 s of the start, whatever their due times', async () => {
    await wait();
    await start();
    await clock.advance(20_000);
    expect(probed).toEqual([ENDPOINT]);
  });

  it('is not probed again while it is well: its hints have times of their own', async () => {
    await wait();
    await start();
    await clock.advance(120_000);
    expect(probed).toEqual([ENDPOINT]);
  });

  it('is probed again where it fails and lost its probe', async () => {
    await wait();
    await start();
    for (let n = 0; n < 5; n++) circuits.failed(ENDPOINT, clock.elapsedMs());
    await clock.advance(120_000);
    expect(probed.length).toBeGreaterThanOrEqual(3);
  });

  it('is probed by its circuit alone where it has one', async () => {
    await wait();
    circuits.failed(ENDPOINT, clock.elapsedMs());
    await start();
    await clock.advance(15_900);
    expect(probed).toEqual([]);
    await clock.advance(8_200);
    expect(probed).toEqual([ENDPOINT]);
  });

  it('is probed where something else waits for it, too', async () => {
    joinMessages([ENDPOINT]);
    await start();
    await clock.advance(20_000);
    expect(probed).toEqual([ENDPOINT]);
  });

  it('is not probed when nothing waits any more', async () => {
    await start();
    await clock.advance(120_000);
    expect(probed).toEqual([]);
  });
});

describe('what waits for an endpoint that its account has left', () => {
  const ELSEWHERE = 'http://puppet-before:8080';
  const left = (): Partial<NewHint> => ({ dueAtMs: clock.nowMs() + DAY_MS, endpoint: ELSEWHERE });

  it('becomes due at the endpoint of now', async () => {
    await park(left());
    await registerAt(ENDPOINT);
    await start();
    expect(await find()).toMatchObject({ endpoint: ENDPOINT, dueAtMs: clock.nowMs() });
  });

  it('keeps its time where that is its endpoint still, or is known of nobody', async () => {
    const dueAtMs = clock.nowMs() + DAY_MS;
    await park({ dueAtMs, endpoint: ENDPOINT });
    await park({ ...left(), event: kfEvent({ openKfId: 'wkOther' }) });
    await registerAt(ENDPOINT);
    await start();
    expect(await find()).toMatchObject({ endpoint: ENDPOINT, dueAtMs });
    expect(await find('wkOther')).toMatchObject({ endpoint: ELSEWHERE, dueAtMs });
  });

  it('is left to the attempt that is under way', async () => {
    const lease = { id: 'lease', untilMs: clock.nowMs() + ROUND_MS };
    await park({ ...left(), lease });
    await registerAt(ENDPOINT);
    await start();
    expect(await find()).toMatchObject({ endpoint: ELSEWHERE, lease });
    await clock.advance(ROUND_MS);
    expect(await find()).toMatchObject({ endpoint: ENDPOINT });
  });

  it('is looked at 5,000 at a time, and all of it in the end', async () => {
    for (let n = 0; n < 5_000; n++) await park({ ...left(), event: kfEvent({ openKfId: `a-${n}` }) });
    await park(left());
    await registerAt(ENDPOINT);
    await start();
    expect(await find()).toMatchObject({ endpoint: ELSEWHERE });
    await clock.advance(ROUND_MS);
    expect(await find()).toMatchObject({ endpoint: ENDPOINT });
    await park({ ...left(), event: kfEvent({ openKfId: 'a-0' }) });
    (await registry.registrations.register(registration({ endpoint: ENDPOINT, openKfId: 'a-0' }))).answered();
    await clock.advance(ROUND_MS);
    expect(await find('a-0')).toMatchObject({ endpoint: ENDPOINT });
  });
});

it('has what else waits looked at in each round, also where hints cannot be', async () => {
  const also = joinMessages([]);
  events.lines.listEndpoints = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
  await start();
  expect(also.looks).toBe(1);
  await clock.advance(ROUND_MS);
  expect(also.looks).toBe(2);
});

it('goes on after the store was away', async () => {
  const listEndpoints = events.lines.listEndpoints.bind(events.lines);
  events.lines.listEndpoints = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
  await park();
  await registerAt(ENDPOINT);
  await start();
  expect(await find()).toMatchObject({ state: 'parked' });
  events.lines.listEndpoints = listEndpoints;
  await clock.advance(ROUND_MS);
  expect(await find()).toMatchObject({ state: 'waiting' });
});

it('ends with its process', async () => {
  await start();
  patrol.stop();
  await clock.advance(10 * ROUND_MS);
  expect(rounds).toBe(1);
});
