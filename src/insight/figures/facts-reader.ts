import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { FIGURES_KEPT_MS, FigureStore } from '../../log/figure-store.js';
import { MINUTE_MS } from '../../log/figures.js';
import { firstIdAt } from '../../storage/journal/journal.js';
import { RecordStore } from '../../storage/records/records.js';
import { OtherReplicas } from './other-replicas.js';
import { ReplicaFacts } from './replica-facts.js';

/** How long after the end of a minute it reads: by then the others have written theirs. */
const READ_AFTER_MS = 10_000;
/** The minute itself, how much the clocks of replicas may differ, and the time of a write. */
const SLACK_MS = 3 * MINUTE_MS;

/** Reads at the start, and where others are on the store once a minute, what they told with their figures. */
@Injectable()
export class FactsReader implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #readAtMs = 0;
  /** The entries that the next read finds again. */
  #added = new Set<string>();
  readonly #reads = new SerialRuns(() => this.#read());
  #timer: Timer | null = null;

  constructor(
    private readonly store: FigureStore,
    private readonly facts: ReplicaFacts,
    private readonly replicas: OtherReplicas,
    private readonly records: RecordStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    void this.#reads.run();
    this.#readLater();
  }

  beforeApplicationShutdown(): void {
    this.#timer?.cancel();
  }

  #readLater(): void {
    const leftMs = MINUTE_MS - (this.storeClock.nowMs() % MINUTE_MS);
    this.#timer = this.clock.after(leftMs + READ_AFTER_MS, () => {
      // Nobody else writes to a store of one process.
      if (this.records.isShared || this.#readAtMs === 0) void this.#reads.run();
      this.#readLater();
    });
  }

  /** Never rejects: what was not read is read in the next minute. */
  async #read(): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const keptFromMs = nowMs - FIGURES_KEPT_MS;
    try {
      for await (const { id, replica, facts } of this.store.ofOthers(
        Math.max(keptFromMs, this.#readAtMs - SLACK_MS),
      )) {
        if (facts === null || this.#added.has(id)) continue;
        // Before the read is complete: if it fails, the next one finds the same entries.
        this.#added.add(id);
        this.#add(replica, facts);
        await nextTurn();
      }
      this.#readAtMs = nowMs;
      for (const id of this.#added) if (id < firstIdAt(nowMs - SLACK_MS)) this.#added.delete(id);
      this.replicas.lookedAt(nowMs);
    } catch (err) {
      this.log.debug({ err }, 'figures.read_failed');
    }
    this.replicas.forgetBefore(keptFromMs);
  }

  /** A damaged entry does not affect the others. */
  #add(replica: string, facts: string): void {
    try {
      this.facts.add(replica, facts);
    } catch (err) {
      this.log.debug({ err }, 'figures.read_failed');
    }
  }
}
