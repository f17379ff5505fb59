import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { REPLICA } from '../kernel/replica.js';
import { StoreClock } from '../kernel/store-clock.js';
import { SyncTokens } from '../registry/bots/sync-tokens.js';
import { firstIdAt, LAST_ID, timeOfId } from '../storage/journal/journal.js';
import { RecordStore } from '../storage/records/records.js';
import { DeliveryLog } from './delivery-log.js';
import { type LoggedRecord, withAttempts } from './delivery-record.js';
import { Past } from './past.js';
import { NEWS_MS, WRITE_MS_MAX } from './sign-recorder.js';
import type { Signs } from './signs.js';

const LOOK_MS = 2_000;
/** So long after its time a record may be written: it waits for others of its batch, and the store takes its time. */
const LATE_MS = 2_000;
/** What happened longer ago has been written, and read. */
const KNOWN_AFTER_MS = NEWS_MS + WRITE_MS_MAX;
/** After a look that failed: the others, too, may only now write what they could not. */
const HELD_MS = 5_000;
/** Records that are decoded in one turn of the event loop: some milliseconds. */
const PAGE = 500;
/** Each has up to a hundred signs. */
const SIGNS_PAGE = 50;
/** Of other replicas, at one look. More of them would take the time that callbacks need. */
const NEW_MAX = 10_000;
const DAY_MS = 86_400_000;
/** What is read of the time before the start, the newest first: signs first, since a reply ends what was asked before it. */
const PAST = [
  { what: 'signs', sinceMs: 3 * DAY_MS, max: 100_000, page: SIGNS_PAGE },
  { what: 'deliveries', sinceMs: DAY_MS, max: 100_000, page: PAGE },
] as const;
const PAST_PER_LOOK = 10_000;

interface PastReading {
  readonly what: (typeof PAST)[number]['what'];
  /** How many records at a time. */
  readonly page: number;
  fromMs: number;
  before: string;
  left: number;
}

/** Reads from the log what other replicas did, as they do it, and what was done before the start, and adds it to the past. */
@Injectable()
export class LogFollower implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #startMs = 0;
  /** Where the next look begins: records with later ids may still come. */
  #from = '';
  /** The ids from there on that are noted. */
  readonly #noted = new Set<string>();
  /** What is left to be read of the past, and where it goes on. */
  #past: PastReading[] = [];
  /** When a look last failed, store time. */
  #failedAtMs = -Infinity;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly deliveryLog: DeliveryLog,
    private readonly past: Past,
    private readonly syncTokens: SyncTokens,
    private readonly records: RecordStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const nowMs = this.storeClock.nowMs();
    this.#startMs = nowMs;
    this.#from = firstIdAt(nowMs - LATE_MS);
    // Nobody else writes to a store of one process, so that it is read once, up to its end.
    const before = this.records.isShared ? this.#from : LAST_ID;
    this.#past = PAST.map(({ what, sinceMs, max, page }) => ({
      what,
      page,
      before,
      left: max,
      fromMs: nowMs - sinceMs,
    }));
    if (this.records.isShared) this.past.othersKnownUntilMs = 0;
    void this.#look();
  }

  beforeApplicationShutdown(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Never rejects: what was not read is read at the next look. */
  async #look(): Promise<void> {
    try {
      if (this.records.isShared) await this.#readNew();
      await this.#readPast();
    } catch (err) {
      this.#failedAtMs = this.storeClock.nowMs();
      this.log.debug({ err }, 'deliverylog.read_failed');
    }
    if (!this.#isStopped && (this.records.isShared || this.#past.length > 0))
      this.#timer = this.clock.after(LOOK_MS, () => void this.#look());
  }

  /** Goes on where it was, page by page, so that a look that fails on its way notes nothing twice. */
  async #readNew(): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const lateFrom = firstIdAt(nowMs - LATE_MS);
    let from = this.#from;
    let what: 'all' | 'signs' = 'all';
    for (let left = NEW_MAX; ; left -= PAGE) {
      if (left === 0) {
        // What is left out costs figures. Of signs nothing is: without a reply that went out an account would be called silent.
        this.log.warn({ records: NEW_MAX }, 'deliverylog.fell_behind');
        what = 'signs';
      }
      const rows = await this.deliveryLog.ofOthers(from, PAGE, what);
      for (const row of rows) {
        if (!this.#noted.has(row.id)) this.#note(row);
        if (row.id >= lateFrom) this.#noted.add(row.id);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      // All ids have the same length, so no id lies between the last one and this text.
      from = `${last.id}0`;
      this.#from = from < lateFrom ? from : lateFrom;
      await nextTurn();
    }
    this.#from = lateFrom;
    for (const id of this.#noted) if (id < lateFrom) this.#noted.delete(id);
    if (nowMs - this.#failedAtMs >= HELD_MS) this.past.othersKnownUntilMs = nowMs - KNOWN_AFTER_MS;
  }

  async #readPast(): Promise<void> {
    for (let left = PAST_PER_LOOK; left > 0;) {
      const [next] = this.#past;
      if (next === undefined) return;
      const { records, nextBefore } = await this.deliveryLog.recent(
        next.what,
        next.fromMs,
        next.before,
        next.page,
      );
      for (const row of records) this.#note(row);
      left -= next.page;
      next.left -= next.page;
      if (nextBefore !== null && next.left > 0) next.before = nextBefore;
      else {
        this.#past.shift();
        // Of what was asked before the oldest signs it would not be known whether it was answered.
        const signsFromMs = nextBefore === null || next.what !== 'signs' ? 0 : timeOfId(nextBefore);
        for (const later of this.#past) later.fromMs = Math.max(later.fromMs, signsFromMs);
      }
      await nextTurn();
    }
  }

  #note(row: LoggedRecord): void {
    // What was done since the start is noted.
    if (row.replica === REPLICA) return;
    try {
      if (row.signs === null) for (const record of withAttempts([row])) this.past.note(record);
      else this.#noteSigns(row.signs);
    } catch (err) {
      // Of another version of the manager. The others are not held up.
      this.log.debug({ err }, 'deliverylog.read_failed');
    }
  }

  /** Each replica forgets accounts by itself; only what is from before its start has to be told. */
  #noteSigns({ outcomes, reads, forgotten, questions = [], customers = [], tokens = [] }: Signs): void {
    for (const outcome of outcomes) this.past.hearOutcome(outcome);
    for (const read of reads) this.past.noteRead(read);
    for (const question of questions) this.past.noteQuestion(question);
    for (const customer of customers) this.past.hearCustomer(customer);
    const nowMs = this.storeClock.nowMs();
    for (const { hash, untilMs } of tokens) this.syncTokens.hear({ hash, leftMs: untilMs - nowMs });
    for (const { openKfId, atMs } of forgotten) if (atMs < this.#startMs) this.past.forget(openKfId, atMs);
  }
}
