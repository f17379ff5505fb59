/** Replicas on one store, each with what it sees itself, and with what the others wrote. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { AllFigures } from '../../src/insight/figures/all-figures.js';
import { SeenByOthers } from '../../src/insight/figures/seen-by-others.js';
import { Arrivals } from '../../src/dispatch/inline/arrivals.js';
import { DispatchMetrics } from '../../src/dispatch/endpoint/dispatch-metrics.js';
import { Deliveries } from '../../src/dispatch/endpoint/deliveries.js';
import type { Clock } from '../../src/kernel/clock.js';
import { REPLICA } from '../../src/kernel/replica.js';
import type { StoreClock } from '../../src/kernel/store-clock.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { type SeenEntry, SeenStore } from '../../src/record/seen-store.js';
import type { RecordStore } from '../../src/storage/records/records.js';
import { AccountHistories } from '../../src/registry/puppets/account-history.js';
import { WecomMetrics } from '../../src/wecom/outcomes/wecom-metrics.js';
import type { ManualClock } from './manual-clock.js';
import { MemoryJournals } from './memory-journals.js';
import { noRecorder } from './recorder.js';

const LOG_SETTINGS = { deliveryLogBytesMax: 1_073_741_824 };
const SHARED = { isShared: true } as RecordStore;

/** By the names of the replicas that wrote. In one process all of them have the same ids, so each has a table of its own. */
export type SeenTables = Map<string, SeenStore>;

/** What one replica writes and reads. It fails while `isAway`. */
export class SharedSeenStore extends SeenStore {
  isAway = false;

  constructor(
    private readonly name: string,
    private readonly tables: SeenTables,
  ) {
    const journals = new MemoryJournals();
    super(journals, LOG_SETTINGS);
    tables.set(name, new SeenStore(journals, LOG_SETTINGS));
  }

  override async write(replica: string, startMs: number, parts: readonly string[]): Promise<void> {
    if (this.isAway) throw new Error('the store is away');
    await super.write(replica, startMs, parts);
  }

  override async *read(fromMs: number): AsyncGenerator<SeenEntry> {
    if (this.isAway) throw new Error('the store is away');
    for (const [name, table] of this.tables)
      for await (const entry of table.read(fromMs))
        yield { ...entry, replica: name === this.name ? REPLICA : name };
  }
}

export interface SeeingReplica {
  readonly arrivals: Arrivals;
  readonly deliveries: Deliveries;
  readonly wecom: WecomMetrics;
  readonly histories: AccountHistories;
  readonly store: SharedSeenStore;
  readonly others: SeenByOthers;
  readonly figures: AllFigures;
}

/** @param clock of its machine. @param seeing of this process; left out: newly made. */
export function seeingReplica(
  name: string,
  tables: SeenTables,
  storeClock: Clock & StoreClock,
  {
    clock = storeClock,
    wecom = new WecomMetrics(new Metrics(), clock, undefined, storeClock),
    deliveries = new Deliveries(
      new DispatchMetrics(new Metrics()),
      noRecorder(storeClock),
      wecom,
      storeClock,
    ),
    arrivals = new Arrivals(storeClock),
  }: { clock?: Clock; deliveries?: Deliveries; wecom?: WecomMetrics; arrivals?: Arrivals } = {},
): SeeingReplica {
  const store = new SharedSeenStore(name, tables);
  const histories = new AccountHistories();
  const log = pino({ level: 'silent' });
  const stores = [store, SHARED, storeClock, storeClock, log, histories] as const;
  const others = new SeenByOthers(deliveries, wecom, arrivals, ...stores);
  const figures = new AllFigures(deliveries, wecom, others, storeClock, arrivals);
  return { arrivals, deliveries, wecom, histories, store, others, figures };
}

/** Goes on until each replica has written its minute and has read those of the others. */
export async function passMinute(clock: ManualClock): Promise<void> {
  const leftMs = 60_000 - (clock.nowMs() % 60_000);
  for (const ms of [leftMs, 10_000]) {
    await clock.advance(ms);
    // A part is encoded in each turn.
    for (let turn = 0; turn < 50; turn++) await nextTurn();
  }
}
