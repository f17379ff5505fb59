import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { clock, pass, puppetServer } from '../../../test/support/delivery.js';
import {
  dispatch,
  registerAt,
  replicasOfEachTest,
  send,
  start,
  taking,
} from '../../../test/support/redelivery.js';
import { CallbackMetrics } from '../../callback/callback-metrics.js';
import { loadConfig } from '../../config/config.js';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { AppError } from '../../kernel/app-error.js';
import { type Figures, type IntervalFigures, NO_FIGURES } from '../../log/figures.js';
import { pino } from 'pino';
import { Metrics } from '../../metrics/metrics.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { MemoryFigureStore } from '../../../test/support/memory-journals.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { FigureRecorder } from './figure-recorder.js';
import { OtherReplicas } from './other-replicas.js';
import { ReplicaFacts } from './replica-facts.js';
import { History } from './history.js';
import { Instruments } from './instruments.js';
import { LastMinute } from './last-minute.js';

// Before the clock is looked at for timers that are left.
afterEach(async () => {
  lastMinute.onApplicationShutdown();
  await recorder.beforeApplicationShutdown();
});
replicasOfEachTest();

const INTERVAL_MS = 10_000;
const MINUTE_MS = 60_000;

class FailingFigureStore extends MemoryFigureStore {
  writes = 0;
  isAway = false;
  before: () => Promise<void> = async () => {};

  override async add(replica: string, minuteMs: number, figures: Figures): Promise<void> {
    this.writes++;
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    await this.before();
    return super.add(replica, minuteMs, figures);
  }

  override async list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]> {
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
    return super.list(fromMs, intervalMs);
  }
}

let store: FailingFigureStore;
let callbacks: CallbackMetrics;
let wecom: WecomMetrics;
let lastMinute: LastMinute;
let recorder: FigureRecorder;
let history: History;
let newRecorder: () => FigureRecorder;

beforeEach(async () => {
  await start();
  // Minutes begin at full ones.
  await pass(MINUTE_MS - (clock.nowMs() % MINUTE_MS));
  const metrics = new Metrics();
  callbacks = new CallbackMetrics(metrics, dispatch.registry.corps, loadConfig({}));
  wecom = new WecomMetrics(metrics, clock);
  const instruments = new Instruments(callbacks, dispatch.dispatchMetrics, dispatch.overload, wecom);
  const hints = new QueueCounts(dispatch.queue, clock, clock);
  store = new FailingFigureStore();
  const facts = new ReplicaFacts(new Arrivals(clock), wecom, new OtherReplicas(), clock, clock);
  lastMinute = new LastMinute(instruments, clock);
  newRecorder = () =>
    new FigureRecorder(instruments, hints, facts, store, clock, clock, pino({ level: 'silent' }));
  recorder = newRecorder();
  history = new History(store, recorder, clock, clock);
  lastMinute.onApplicationBootstrap();
  recorder.onApplicationBootstrap();
});

function end(outcome: 'delivered' | 'pending' | 'refused' | 'failed', count = 1): void {
  for (let n = 0; n < count; n++) {
    callbacks.began('encrypted');
    callbacks.ended('encrypted', outcome, 0.01, undefined);
  }
}

/** The last ones. */
const latest = async (count: number) => (await history.of('1h')).intervals.slice(-count);
const at = (minutesAgo: number, figures: Partial<Figures>) => ({
  atMs: clock.nowMs() - (clock.nowMs() % MINUTE_MS) - minutesAgo * MINUTE_MS,
  figures: { ...NO_FIGURES, ...figures },
});

describe('the history', () => {
  it('has a point for each minute, oldest first, with what was counted in it, up to now', async () => {
    end('delivered', 3);
    await pass(MINUTE_MS);
    end('pending', 2);
    end('failed');
    callbacks.ended('verification', 'verified', 0.01, undefined);
    await pass(MINUTE_MS);
    end('refused');
    expect(await latest(4)).toEqual([
      at(3, {}),
      at(2, { delivered: 3, starts: 1 }),
      at(1, { kept: 2, notTaken: 1 }),
      at(0, { refused: 1 }),
    ]);
  });

  it.each([
    ['1h', 60, 60],
    ['6h', 180, 120],
    ['24h', 144, 600],
    ['3d', 144, 1_800],
  ] as const)('draws %s in %d intervals', async (range, count, intervalS) => {
    end('delivered');
    const answer = await history.of(range);
    expect(answer).toMatchObject({ intervalMs: intervalS * 1_000, isStored: true });
    expect(answer.intervals).toHaveLength(count);
    expect(answer.intervals.at(-1)?.figures).toMatchObject({ delivered: 1, starts: 1 });
  });

  it('adds up all replicas, and marks where one started', async () => {
    end('delivered');
    await store.add('other', clock.nowMs(), { ...NO_FIGURES, delivered: 4, starts: 1 });
    expect(await latest(1)).toEqual([at(0, { delivered: 5, starts: 2 })]);
  });

  it('tells what waits at the end of each minute, what was delivered later, and failed attempts', async () => {
    const server = await puppetServer((_request, response) => response.writeHead(500).end());
    await registerAt(server.url);
    await send();
    await pass(MINUTE_MS);
    const [point] = await latest(2);
    expect(point?.figures).toMatchObject({ waiting: 1, dead: 0, deliveredLater: 0 });
    expect(point?.figures.failedAttempts).toBeGreaterThan(0);
    server.behave(taking);
    await registerAt(server.url);
    await pass(MINUTE_MS);
    expect((await latest(2))[0]?.figures).toMatchObject({ waiting: 0, deliveredLater: 1 });
  });

  it('has the minute that has just ended, also where it was asked seconds before', async () => {
    end('delivered', 3);
    await pass(MINUTE_MS - 1_000);
    expect(await latest(1)).toEqual([at(0, { delivered: 3, starts: 1 })]);
    await pass(2_000);
    expect(await latest(2)).toEqual([at(1, { delivered: 3, starts: 1 }), at(0, {})]);
  });

  it('has the minute that has just ended while it is being written, once', async () => {
    end('delivered', 3);
    const { promise, resolve } = Promise.withResolvers<void>();
    store.before = () => promise;
    await pass(MINUTE_MS);
    expect(await latest(2)).toEqual([at(1, { delivered: 3, starts: 1 }), at(0, {})]);
    resolve();
    await pass(1_000);
    expect(await latest(2)).toEqual([at(1, { delivered: 3, starts: 1 }), at(0, {})]);
  });

  it('writes also a minute in which nothing happens, so that others see that it is there', async () => {
    await pass(MINUTE_MS);
    const { writes } = store;
    await pass(20 * MINUTE_MS);
    expect(store.writes).toBe(writes + 20);
  });

  it('has a gap where the store was away, and says while it is that it knows no more', async () => {
    await pass(MINUTE_MS);
    store.isAway = true;
    end('delivered');
    await pass(MINUTE_MS);
    end('refused', 2);
    expect(await history.of('1h')).toMatchObject({ isStored: false });
    expect(await latest(2)).toEqual([at(1, {}), at(0, { refused: 2 })]);
    store.isAway = false;
    await pass(MINUTE_MS);
    expect(await latest(4)).toEqual([at(3, { starts: 1 }), at(2, {}), at(1, { refused: 2 }), at(0, {})]);
  });

  it('has a gap, and goes on, where what waits cannot be counted for a reason of our own', async () => {
    const counts = jest.spyOn(dispatch.queue, 'count').mockRejectedValueOnce(new TypeError('a bug'));
    end('delivered');
    await pass(MINUTE_MS);
    expect(counts).toHaveBeenCalled();
    end('refused');
    await pass(MINUTE_MS);
    expect(await latest(3)).toEqual([at(2, { starts: 1 }), at(1, { refused: 1 }), at(0, {})]);
  });

  it('tells of a start later where the store was away then', async () => {
    store.isAway = true;
    const late = newRecorder();
    late.onApplicationBootstrap();
    await pass(1);
    store.isAway = false;
    await pass(MINUTE_MS);
    expect(await latest(2)).toEqual([at(1, { starts: 2 }), at(0, {})]);
    await late.beforeApplicationShutdown();
  });

  it('has the minute in which the process stops', async () => {
    end('delivered');
    await recorder.beforeApplicationShutdown();
    expect(await store.list(0, MINUTE_MS)).toMatchObject([{ figures: { delivered: 1, starts: 1 } }]);
  });
});

describe('the last minute', () => {
  it('counts up to now, and forgets after 60 s', async () => {
    end('refused', 2);
    wecom.tokenAnswered('memory');
    wecom.callEnded('answered', 1);
    expect(lastMinute.totals()).toMatchObject({ callbacks: 2, refused: 2, tokenRequests: 1, proxyCalls: 1 });
    await pass(60_000);
    expect(lastMinute.totals()).toMatchObject({ callbacks: 2 });
    await pass(INTERVAL_MS);
    end('delivered');
    expect(lastMinute.totals()).toMatchObject({ callbacks: 1, refused: 0, tokenRequests: 0 });
  });

  it('has callbacks that were turned away in an overload among those that nobody took or kept', () => {
    const { overload } = dispatch;
    while (!overload.refusesNext()) overload.eventBegan();
    expect(lastMinute.totals()).toMatchObject({ callbacks: 1, refused: 0, notTaken: 1 });
  });
});
