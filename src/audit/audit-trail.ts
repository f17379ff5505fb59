import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { AnsweredCall, AuditedCalls, CallKind } from '../http/access/audit-hook.js';
import { toAddressKey } from '../http/request/address.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import { JournalIds } from '../storage/journal/journal.js';
import { type AuditEntry, toEntry } from './audit-entry.js';
import { AuditLog } from './audit-log.js';
import { AuditMetrics } from './audit-metrics.js';
import { HourlyLimit } from './hourly-limit.js';

/** The entries that wait while the store is away. Further ones go to the log of the process. */
const WAITING_MAX = 1_000;
const BATCH = 100;
const RETRY_MS = 2_000;
/** How long a stop waits for the store. */
const LAST_WRITE_LIMIT_MS = 2_000;
/** Within an hour. Anybody can fail to sign in, and more such entries would push out what operators did. */
const FAILED_SIGN_INS_MAX = 20;
/** Within an hour, for each operator, readers included: refused calls, and as many sign-ins and sign-outs. */
const LIMITED_MAX = 100;
/** Within an hour: addresses with a count of their own for further calls. All other addresses share one count. */
const ADDRESSES_MAX = 20;
const OTHER_ADDRESSES = 'other addresses';
/** How late a count may be written. */
const COUNT_MS = 5_000;

/** Writes what operators do into the audit log, in order, after their answers. */
@Injectable()
export class AuditTrail implements AuditedCalls, OnApplicationShutdown {
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | null = null;
  #timer: Timer | null = null;
  /** Counts that have changed since they were written, by the entry's id. */
  readonly #counts = new Map<string, AuditEntry>();
  #countTimer: Timer | null = null;
  #isTroubled = false;
  readonly #ids = new JournalIds();
  readonly #limit: HourlyLimit;

  constructor(
    private readonly auditLog: AuditLog,
    private readonly metrics: AuditMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#limit = new HourlyLimit(clock);
  }

  /** Writes the call soon. Never throws. */
  record(call: AnsweredCall, kind: CallKind): void {
    const max = call.operator === null ? FAILED_SIGN_INS_MAX : LIMITED_MAX;
    const atMs = this.storeClock.nowMs();
    const entry = toEntry(this.#ids.next(atMs), call, atMs);
    if (kind === 'change') return this.#keep(entry);
    const further = this.#limit.countFurther(`${kind} ${call.operator ?? ''}`, max);
    if (further === null) return this.#keep(entry);
    this.metrics.dropped[kind].add();
    this.#count(entry, further);
  }

  #keep(entry: AuditEntry): void {
    if (this.#waiting.length >= WAITING_MAX) return this.#lose(entry);
    this.#waiting.push(entry);
    if (this.#timer === null) void this.#write();
  }

  #count(entry: AuditEntry, further: Map<string, AuditEntry>): void {
    const address = toAddressKey(entry.from);
    const from = further.has(address) || further.size < ADDRESSES_MAX ? address : OTHER_ADDRESSES;
    const before = further.get(from) ?? { ...entry, from, times: 0 };
    const counted = { ...before, times: before.times + 1 };
    further.set(from, counted);
    this.#counts.set(counted.id, counted);
    this.#countTimer ??= this.clock.after(COUNT_MS, () => this.#keepCounts());
  }

  /** Writes each entry again with its new count. While other entries wait for the store, counting goes on. */
  #keepCounts(): void {
    this.#countTimer = null;
    if (this.#waiting.length > 0) {
      this.#countTimer = this.clock.after(COUNT_MS, () => this.#keepCounts());
      return;
    }
    for (const entry of this.#counts.values()) this.#keep(entry);
    this.#counts.clear();
  }

  /** Entries that the store does not take in time go to the log of the process. */
  async onApplicationShutdown(): Promise<void> {
    this.#timer?.cancel();
    this.#countTimer?.cancel();
    for (const entry of this.#counts.values()) this.#waiting.push(entry);
    await this.clock.within(LAST_WRITE_LIMIT_MS, this.#writeLast());
    this.#timer?.cancel();
    for (const entry of this.#waiting.splice(0)) this.#lose(entry);
  }

  async #writeLast(): Promise<void> {
    await this.#writing;
    this.#timer?.cancel();
    await this.#write();
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#timer = null;
    try {
      while (this.#waiting.length > 0) {
        const some = this.#waiting.slice(0, BATCH);
        await this.auditLog.append(some);
        this.#waiting = this.#waiting.slice(some.length);
      }
      this.#isTroubled = false;
    } catch (err) {
      this.log[this.#isTroubled ? 'debug' : 'warn']({ err, retryMs: RETRY_MS }, 'audit.write_failed');
      this.#isTroubled = true;
      this.#timer = this.clock.after(RETRY_MS, () => void this.#write());
    }
  }

  /** Writes the entry to the log of the process, where a person can look it up. */
  #lose(entry: AuditEntry): void {
    this.metrics.dropped.store.add();
    const { id: _id, atMs, ...call } = entry;
    this.log.error({ ...call, at: new Date(atMs).toISOString() }, 'audit.entry_lost');
  }
}
