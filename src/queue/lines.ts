import { randomUUID } from 'node:crypto';
import { newLru } from '../kernel/lru.js';
import { CONFLICT, untilNoConflict } from '../kernel/compare-and-set.js';
import {
  isHeldBy,
  type Lease,
  type Line,
  type LineHead,
  type LineKind,
  lineKey,
  runningLease,
  toLeased,
} from '../storage/queue/line.js';
import type { KeptLine, QueueStore } from '../storage/queue/queue-store.js';
import { type Addressee, readAccountKey } from '../kernel/account.js';

/** How a kind of lines is turned into the values that its users know. */
export interface LineType<T extends LineHead> {
  readonly kind: LineKind;
  /** What a claim changes besides the lease; left out for nothing. @param untilMs when the lease lapses. */
  toClaimed?(value: T, untilMs: number): T;
  /** What a renewal changes besides the lease; left out for nothing. @param untilMs when the lease lapses. */
  toRenewed?(value: T, untilMs: number): T;
  toLine(value: T): Line;
  /** @returns `null` for what cannot be read. */
  fromLine(line: Line): T | null;
}

/** A line before and after a step; `null` where there is none. */
export interface LineStep<T> {
  readonly before: T | null;
  readonly after: T | null;
}

/** Names a line and its lease. */
export interface LeasedLine extends Addressee {
  readonly lease: Lease;
}

/** A line that this process has leased. */
export type ClaimedLine<T extends LineHead> = T & {
  readonly lease: Lease;
  /** Whether the claim replaced another lease: one that lapsed, or one that a registration has ended. */
  readonly isTakenOver: boolean;
};

/** Who sends what waits, and when. */
export type DueLines<T extends LineHead> = Pick<
  Lines<T>,
  | 'isShared'
  | 'claimDue'
  | 'claimOldest'
  | 'nextClaimableAtMs'
  | 'workOn'
  | 'renew'
  | 'isHeld'
  | 'wakeEndpoint'
  | 'listEndpoints'
>;

interface Known<T> {
  readonly value: T;
  readonly kept: KeptLine;
}

/** Far more than are ever under way. A line that is no longer remembered is read again. */
const LEASED_MAX = 2_000;

/**
 * Changes lines of one kind. A change is a function from line to line, repeated when another process changed the line first.
 * `nowMs` is store time. Methods reject with AppError `STORE_UNAVAILABLE`.
 */
export class Lines<T extends LineHead> {
  /** Lines that this process has leased, as it wrote them, by key. Mostly nobody else has changed them since. */
  readonly #leased = newLru<Known<T>>(LEASED_MAX);
  /** The leases of what this process is at work on. */
  readonly #underWay = new Set<string>();

  constructor(
    private readonly store: QueueStore,
    private readonly type: LineType<T>,
  ) {}

  /** Whether other processes claim them too. */
  get isShared(): boolean {
    return this.store.isShared;
  }

  async find(account: Addressee): Promise<T | null> {
    return (await this.#read(lineKey(this.type.kind, account)))?.value ?? null;
  }

  /** The line, if it has this lease. A change of another process since the claim may be missing. */
  async findHeld(account: Addressee, leaseId: string, nowMs: number): Promise<T | null> {
    const known = this.#heldHere(account, leaseId, nowMs);
    if (known !== null) return known;
    const read = await this.find(account);
    return read !== null && isHeldBy(read, leaseId, nowMs) ? read : null;
  }

  /** The line, if nobody has taken this lease over, though it may have lapsed. As `findHeld` while it runs. */
  async findStill(account: Addressee, leaseId: string, nowMs: number): Promise<T | null> {
    const known = this.#heldHere(account, leaseId, nowMs);
    if (known !== null) return known;
    const read = await this.find(account);
    return read?.lease?.id === leaseId ? read : null;
  }

  /**
   * @param step returns the new line; `null` to remove the line, and the same object to leave it.
   * @param isNew whether there is probably no line yet.
   */
  async change(account: Addressee, step: (line: T | null) => T | null, isNew = false): Promise<LineStep<T>> {
    const key = lineKey(this.type.kind, account);
    const known = this.#leased.get(key) ?? null;
    if (known !== null || isNew) {
      const stepped = await this.#step(key, known, step);
      // Our line may be out of date, so only the stored one can show that nothing is to be done.
      if (stepped !== CONFLICT && stepped.after !== stepped.before) return stepped;
    }
    return untilNoConflict(async () => this.#step(key, await this.#read(key), step));
  }

  /**
   * As `change`, if nobody has taken this lease over. It may have lapsed, as in a process that was paused: a write does not
   * overlook that another process claimed the line. @returns `null` otherwise.
   */
  changeHeld(account: Addressee, leaseId: string, step: (line: T) => T | null): Promise<LineStep<T> | null> {
    return this.#changeIf(account, (line) => line.lease?.id === leaseId, step);
  }

  /** As `change`, if no lease runs. @returns `null` otherwise. */
  changeFree(account: Addressee, nowMs: number, step: (line: T) => T | null): Promise<LineStep<T> | null> {
    return this.#changeIf(account, (line) => runningLease(line, nowMs) === null, step);
  }

  /** Leases up to `limit` lines that are due, the earliest first. Skips those of `exceptEndpoints`. */
  async claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly ClaimedLine<T>[]> {
    const due = await this.store.listClaimable(this.type.kind, nowMs, limit, exceptEndpoints);
    const claims = await Promise.all(due.map((kept) => this.#claim(kept, (line) => line, nowMs + leaseMs)));
    return claims.filter((claim) => claim !== null);
  }

  /**
   * Leases one of the waiting lines of the endpoint to probe it, also before the line is due: the one that was leased so longest
   * ago, so that accounts take turns. Among lines that never were, the one that arrived first.
   * @param keys of the only accounts that may be claimed; left out for any.
   * @returns `null` when none is free.
   */
  async claimOldest(
    endpoint: string,
    nowMs: number,
    leaseMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<ClaimedLine<T> | null> {
    const { kind } = this.type;
    const lineKeys = keys && new Set([...keys].map((key) => lineKey(kind, readAccountKey(key))));
    for (;;) {
      const kept = await this.store.findToProbe(kind, endpoint, nowMs, lineKeys);
      if (kept === null) return null;
      const claim = await this.#claim(kept, (line) => ({ ...line, probedAtMs: nowMs }), nowMs + leaseMs);
      if (claim !== null) return claim;
    }
  }

  /**
   * When the next line can be claimed. Ignores those of `exceptEndpoints`.
   * @returns `null` when there is none, or when the store is shared: another process may add one at any time.
   */
  nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): Promise<number | null> {
    return this.store.nextClaimableAtMs(this.type.kind, exceptEndpoints);
  }

  /**
   * This process works under this lease: it does not claim the line again until that is over, even if the lease has lapsed, as
   * when the clock steps. @returns a function that says it is over.
   */
  workOn({ lease }: LeasedLine): () => void {
    this.#underWay.add(lease.id);
    return () => void this.#underWay.delete(lease.id);
  }

  /** @returns false when another process has taken the lease over. One that has lapsed runs again. */
  async renew(leased: LeasedLine, nowMs: number, leaseMs: number): Promise<boolean> {
    const untilMs = nowMs + leaseMs;
    const lease = { ...leased.lease, untilMs };
    const renewed = await this.changeHeld(leased, lease.id, (line) => ({
      ...(this.type.toRenewed?.(line, untilMs) ?? line),
      lease,
    }));
    return renewed !== null;
  }

  /** Whether this process knows, without asking the store, that the lease is held. False does not mean that it is lost. */
  isHeld(leased: LeasedLine, nowMs: number): boolean {
    return this.#heldHere(leased, leased.lease.id, nowMs) !== null;
  }

  /** Makes all waiting lines of the endpoint due at once, with what waits beside them. Running leases stay. */
  wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    return this.store.makeDue(this.type.kind, endpoint, nowMs);
  }

  /** The endpoints of all waiting lines. */
  listEndpoints(): Promise<readonly string[]> {
    return this.store.listEndpoints(this.type.kind);
  }

  async #changeIf(
    account: Addressee,
    isWanted: (line: T) => boolean,
    step: (line: T) => T | null,
  ): Promise<LineStep<T> | null> {
    let isRight = false;
    const stepped = await this.change(account, (line) => {
      isRight = line !== null && isWanted(line);
      return line !== null && isRight ? step(line) : line;
    });
    return isRight ? stepped : null;
  }

  #heldHere(account: Addressee, leaseId: string, nowMs: number): T | null {
    const known = this.#leased.get(lineKey(this.type.kind, account))?.value;
    return known !== undefined && isHeldBy(known, leaseId, nowMs) ? known : null;
  }

  /** @returns `null` where another process was faster, this one is at work on it, or what was read is no such line. */
  async #claim(kept: KeptLine, change: (line: T) => T, untilMs: number): Promise<ClaimedLine<T> | null> {
    const known = await this.#known(kept);
    if (known === null) return null;
    const { value: before } = known;
    const key = lineKey(this.type.kind, before);
    if (before.lease !== null && this.#underWay.has(before.lease.id)) {
      await this.#write(key, known, { ...before, lease: { ...before.lease, untilMs } });
      return null;
    }
    const line = toLeased(change(this.type.toClaimed?.(before, untilMs) ?? before), untilMs);
    const isClaimed = await this.#write(key, known, line);
    return isClaimed ? { ...line, isTakenOver: before.lease !== null } : null;
  }

  async #step(
    key: string,
    known: Known<T> | null,
    step: (line: T | null) => T | null,
  ): Promise<LineStep<T> | typeof CONFLICT> {
    const before = known?.value ?? null;
    const after = step(before);
    return after === before || (await this.#write(key, known, after)) ? { before, after } : CONFLICT;
  }

  async #read(key: string): Promise<Known<T> | null> {
    const kept = await this.store.find(key);
    return kept === null ? null : this.#known(kept);
  }

  /** @returns `null` for a record that is no such line. It is set aside, and blocks nothing from then on. */
  async #known(kept: KeptLine): Promise<Known<T> | null> {
    const value = this.type.fromLine(kept.line);
    if (value === null) await this.store.setAside(kept);
    return value === null ? null : { value, kept };
  }

  async #write(key: string, before: Known<T> | null, value: T | null): Promise<boolean> {
    this.#leased.delete(key);
    if (value === null) return before === null || this.store.write(before.kept, null);
    const kept = { line: this.type.toLine(value), revision: randomUUID() };
    const isWritten = await this.store.write(before?.kept ?? null, kept);
    if (isWritten && value.lease !== null) this.#leased.set(key, { value, kept });
    return isWritten;
  }
}
