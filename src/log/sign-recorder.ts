import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Addressee } from '../kernel/account.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import { PULL_ORIGIN } from '../registry/endpoint/endpoint.js';
import type { GoodToken } from '../registry/bots/sync-tokens.js';
import type { AccountHistory } from '../registry/puppets/account-history.js';
import { RecordStore } from '../storage/records/records.js';
import { DeliveryLog } from './delivery-log.js';
import { beganMsOf, type DeliveryRecord, toSignRecord } from './delivery-record.js';
import type { WecomOutcome } from './outcome.js';
import { Past } from './past.js';
import { type MessageRead, PendingSigns } from './signs.js';
import type { CustomerSign } from './unanswered-customers.js';

/** How long what is news waits for more: a reply has to be known at all replicas within seconds, or its account is called silent. */
export const NEWS_MS = 500;
/** How long all else waits, which the others know already, or need only after a restart. */
export const CALM_MS = 60_000;
/** Readers look back so far: what was written later is written once more. */
export const WRITE_MS_MAX = 1_000;
/** A failure is news until it counts as one that lasts. */
const FAILURES_TOLD = 3;
/** A store that hangs must not hold up the stop. */
const LAST_WRITE_LIMIT_MS = 2_000;

/** Adds signs to what is known of the past, at once, and writes them to the log behind that, for other replicas and the next start. */
@Injectable()
export class SignRecorder implements AccountHistory, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #news = new PendingSigns();
  readonly #calm = new PendingSigns();
  #newsTimer: Timer | null = null;
  #calmTimer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly past: Past,
    private readonly deliveryLog: DeliveryLog,
    private readonly records: RecordStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  noteOutcome(outcome: WecomOutcome): void {
    const before = this.past.outcomeOf(outcome);
    this.past.noteOutcome(outcome);
    this.#pendingFor(isNews(before, outcome))?.add({ outcomes: [outcome] });
  }

  noteRead(read: MessageRead): void {
    const { isRead } = this.past.takenOf(read);
    this.past.noteRead(read);
    this.#pendingFor(!isRead)?.add({ reads: [read] });
  }

  noteAsked(account: Addressee, customer: string, sentAtMs: number): CustomerSign | null {
    return this.#tell(this.past.noteAsked(account, customer, sentAtMs));
  }

  noteTold(account: Addressee, customer: string, sentAtMs: number): CustomerSign | null {
    return this.#tell(this.past.noteTold(account, customer, sentAtMs));
  }

  noteReplied(account: Addressee, customer: string): CustomerSign {
    return this.#tell(this.past.noteReplied(account, customer));
  }

  #tell<Sign extends CustomerSign | null>(sign: Sign): Sign {
    if (sign !== null) this.#pendingFor(true)?.add({ customers: [sign] });
    return sign;
  }

  /** For deliveries that are in no log. This process has noted it. */
  noteTaken(record: DeliveryRecord): void {
    const { kind, corpId, openKfId, outcome, occasion, endpoint, asks } = record;
    if (kind !== 'attempt' || outcome !== 'taken' || occasion === 'test' || asks === null) return;
    if (corpId === null || openKfId === null || endpoint?.startsWith(PULL_ORIGIN) === true) return;
    this.#pendingFor(true)?.add({ questions: [{ corpId, openKfId, asks, times: [beganMsOf(record)] }] });
  }

  /** Another replica may get the pull of the event at once. */
  noteToken({ hash, leftMs }: GoodToken): void {
    const untilMs = this.storeClock.nowMs() + leftMs;
    this.#pendingFor(true)?.add({ tokens: [{ hash, untilMs }] });
  }

  forget(openKfId: string): void {
    const atMs = this.storeClock.nowMs();
    this.past.forget(openKfId, atMs);
    this.#pendingFor(true)?.add({ forgotten: [{ openKfId, atMs }] });
  }

  accountsOf(corpId: string): readonly string[] {
    return this.past.accountsOf(corpId);
  }

  /** The store is surely open now. Signs of the last requests come later. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#writeAll();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#newsTimer?.cancel();
    this.#calmTimer?.cancel();
    const written = Promise.all([this.#write(this.#news), this.#write(this.#calm)]);
    await this.clock.within(LAST_WRITE_LIMIT_MS, written);
  }

  /** `null` where nobody would read it. In a store of one process only the next start reads. */
  #pendingFor(isNewsNow: boolean): PendingSigns | null {
    const { isShared } = this.records;
    if (this.#isStopped || (!isShared && this.deliveryLog.days === 0)) return null;
    if (isNewsNow) {
      this.#newsTimer ??= this.clock.after(NEWS_MS, () => void this.#write(this.#news));
      return this.#news;
    }
    this.#calmTimer ??= this.clock.after(CALM_MS, () => void this.#write(this.#calm));
    return this.#calm;
  }

  /** Never rejects: what could not be written is written with the next. */
  async #write(pending: PendingSigns): Promise<void> {
    if (pending === this.#news) this.#newsTimer = null;
    else this.#calmTimer = null;
    if (pending.isEmpty) return;
    const taken = pending.take();
    const batch = this.deliveryLog.newBatch();
    const atMs = this.storeClock.nowMs();
    for (const signs of taken) batch.add(toSignRecord(this.deliveryLog.newId(atMs), atMs, signs));
    const startedMs = this.clock.elapsedMs();
    let isSeen = false;
    try {
      await batch.write();
      isSeen = !this.records.isShared || this.clock.elapsedMs() - startedMs < WRITE_MS_MAX;
    } catch (err) {
      this.log.debug({ err }, 'deliverylog.signs_failed');
    }
    if (isSeen || this.#isStopped) return;
    const again = this.#pendingFor(pending === this.#news);
    for (const signs of taken) again?.add(signs);
  }
}

/** Whether other replicas have to know it soon. */
function isNews(before: WecomOutcome | null, { subject, failures, why }: WecomOutcome): boolean {
  const known = before?.failures ?? 0;
  if (failures === 0) return subject === 'replies' || known > 0;
  return known < FAILURES_TOLD || before?.why !== why;
}
