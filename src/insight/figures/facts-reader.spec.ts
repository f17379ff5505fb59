import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryFigureStore } from '../../../test/support/memory-journals.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import type { FigureEntry } from '../../log/figure-store.js';
import { NO_FIGURES } from '../../log/figures.js';
import { Metrics } from '../../metrics/metrics.js';
import type { RecordStore } from '../../storage/records/records.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { FactsReader } from './facts-reader.js';
import { OtherReplicas } from './other-replicas.js';
import { ReplicaFacts } from './replica-facts.js';

const MINUTE_MS = 60_000;
const CALL = {
  ...({ operation: 'call', botId: null, isAsked: true, fault: null } as const),
  ...{ corpId: 'ww1', api: 'kf/send_msg', openKfId: 'wk1', errcode: 95_001 },
};

/** One whose entries can be held or refused. */
class StubbornStore extends MemoryFigureStore {
  before: () => Promise<void> = async () => {};

  override async *ofOthers(fromMs: number): AsyncGenerator<FigureEntry> {
    for await (const entry of super.ofOthers(fromMs)) {
      await this.before();
      yield entry;
    }
  }
}

class Replica {
  readonly arrivals = new Arrivals(clock);
  readonly wecom = new WecomMetrics(new Metrics(), clock);
  readonly replicas = new OtherReplicas();
  readonly facts = new ReplicaFacts(this.arrivals, this.wecom, this.replicas, clock, clock);
}

let clock: ManualClock;
let store: StubbornStore;
let here: Replica;
let there: Replica;
let reader: FactsReader;

beforeEach(() => {
  clock = new ManualClock();
  store = new StubbornStore();
  [here, there] = [new Replica(), new Replica()];
});

afterEach(() => reader.beforeApplicationShutdown());

async function tell(facts: string | null = there.facts.take(false)): Promise<void> {
  await store.add('there-0a0a0a', clock.nowMs() - (clock.nowMs() % MINUTE_MS), NO_FIGURES, facts);
}

function read(isShared = true): void {
  const log = pino({ level: 'silent' });
  const of = [store, here.facts, here.replicas, { isShared } as RecordStore] as const;
  reader = new FactsReader(...of, clock, clock, log);
  reader.onApplicationBootstrap();
}

async function passMinutes(count: number): Promise<void> {
  for (let left = count * MINUTE_MS; left > 0; left -= 10_000) {
    await clock.advance(10_000);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
  }
}

it('counts of another replica are added once, within some 70 s', async () => {
  read();
  there.arrivals.came({ corpId: 'ww1', openKfId: 'wk1' }, null);
  there.wecom.noteOutcome(CALL);
  there.wecom.answered('call', 45_009);
  await tell();
  await passMinutes(4);
  expect(here.arrivals.corps()[0]?.hours.at(-1)).toBe(1);
  expect(here.wecom.failedCalls.list()).toMatchObject([{ openKfId: 'wk1', why: '95001', count: 1 }]);
  expect(here.wecom.errors.list()).toMatchObject([{ errcode: '45009', count: 1 }]);
});

it('what replicas told before the start is read, also in a store of one process, and nothing later there', async () => {
  there.wecom.noteOutcome(CALL);
  await tell();
  await clock.advance(60 * MINUTE_MS);
  read(false);
  await nextTurn();
  there.wecom.noteOutcome(CALL);
  await tell();
  await passMinutes(4);
  expect(here.wecom.failedCalls.list()).toMatchObject([{ count: 1 }]);
});

it('counts are added once where the read at the start takes longer than until the next one', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.before = () => promise;
  there.wecom.noteOutcome(CALL);
  await tell();
  read();
  await passMinutes(3);
  resolve();
  await passMinutes(2);
  expect(here.wecom.failedCalls.list()).toMatchObject([{ count: 1 }]);
});

it('counts are added once where a read fails half-way and begins again', async () => {
  for (let entry = 0; entry < 3; entry++) {
    there.wecom.noteOutcome(CALL);
    await tell();
  }
  let left = 4;
  store.before = async () => {
    if (--left % 2 === 0 && left >= 0) throw new Error('the store is away');
  };
  read();
  await passMinutes(4);
  expect(here.wecom.failedCalls.list()).toMatchObject([{ count: 3 }]);
});

it('counts are added once where the clock of their replica stepped back', async () => {
  await tell();
  there.wecom.noteOutcome(CALL);
  const earlierMs = clock.nowMs() - 4 * MINUTE_MS;
  await store.add('there-0a0a0a', earlierMs, NO_FIGURES, there.facts.take(false));
  read();
  await passMinutes(2);
  expect(here.wecom.failedCalls.list()).toMatchObject([{ count: 1 }]);
});

it('an entry of another version, or a damaged one, does not affect the others', async () => {
  for (const facts of [null, '{"mark":', 'null', '{"corps":1}']) await tell(facts);
  there.wecom.noteOutcome(CALL);
  await tell();
  read();
  await passMinutes(2);
  expect(here.wecom.failedCalls.list()).toHaveLength(1);
});

it('a replica that told nothing for two minutes, and not that it stopped, is away', async () => {
  read();
  for (let minute = 0; minute < 3; minute++) {
    await tell();
    await passMinutes(1);
  }
  expect(here.replicas.away()).toEqual([]);
  await passMinutes(3);
  expect(here.replicas.away()).toMatchObject([{ replica: 'there-0a0a0a' }]);
  await tell(there.facts.take(true));
  await passMinutes(2);
  expect(here.replicas.away()).toEqual([]);
});
