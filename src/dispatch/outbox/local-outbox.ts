import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../kernel/app-error.js';
import { failpoint } from '../../kernel/failpoint.js';
import { Smallest } from '../../kernel/smallest.js';
import { accountKey } from '../../registry/puppet.js';
import {
  datedOf,
  type Failure,
  type Hint,
  type HintHead,
  type HintState,
  hintKey,
  join,
  type KeptEvent,
  merge,
  type NewHint,
  runningLease,
  toReplayed,
  toWaiting,
} from './hint.js';
import { HintTable } from './hint-table.js';
import {
  type Answered,
  type ClaimedHint,
  cursorOf,
  type Held,
  type HintFilter,
  type HintGroup,
  type HintOrder,
  type HintPage,
  type Kept,
  laterAnswer,
  Outbox,
  type OutboxCounts,
  readSinceCursor,
  type Rescheduled,
  UNREGISTERED_PER_CORP_MAX,
} from './outbox.js';

/** Heads in one turn of the event loop: a millisecond or two, in which no callback is answered. */
const LOOKED_AT_PER_TURN = 2_000;
const SET_PER_TURN = 200;

/** Storage of whole hints for a process that owns its outbox alone. */
export interface HintStore {
  /** Durable when it resolves. From the call on, `readEvent` returns the event. */
  write(key: string, hint: Hint): Promise<void>;
  remove(key: string): Promise<void>;
  /** @returns `null` when the record cannot be read, which sets it aside. */
  readEvent(key: string): KeptEvent | null;
  /** How many records cannot be read. */
  readonly unreadable: number;
}

/**
 * The outbox of one process. Everything that is searched is in memory and changes within one turn; the store follows.
 * Leases are only in memory, since they end with the process.
 */
export class LocalOutbox extends Outbox {
  override readonly isShared: boolean = false;
  readonly #store: HintStore;
  readonly #table = new HintTable();

  /** @param heads of what the store holds. */
  constructor(store: HintStore, heads: Iterable<HintHead> = []) {
    super();
    this.#store = store;
    for (const head of heads) this.#table.set({ ...head, lease: null });
  }

  override async put(put: NewHint, nowMs: number): Promise<Kept> {
    const key = hintKey(put.event);
    const headBefore = this.#table.get(key);
    const before = headBefore === null ? null : this.#beforePut(headBefore, put);
    if (before === null && put.dueAtMs === null) this.#requireRoom(put.event.corpId);
    const hint = merge(before, put, nowMs);
    this.#table.set(toHead(hint));
    failpoint('outbox.putting');
    try {
      await this.#store.write(key, hint);
    } catch (error) {
      this.#takeBack(key, hint.generation, headBefore);
      throw error;
    }
    return {
      generation: hint.generation,
      dated: datedOf(hint),
      replaced: before?.generation ?? null,
      leaseId: hint.lease?.id ?? null,
      dueAtMs: hint.dueAtMs,
    };
  }

  override async claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly ClaimedHint[]> {
    const due: HintHead[] = [];
    for (const { atMs, head } of this.#table.claimable(exceptEndpoints)) {
      if (atMs > nowMs || due.length >= limit) break;
      due.push(head);
    }
    return due.map((head) => this.#claim(head, nowMs, leaseMs)).filter((hint) => hint !== null);
  }

  override async claimOldest(
    endpoint: string,
    nowMs: number,
    leaseMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<ClaimedHint | null> {
    let oldest: HintHead | null = null;
    for (const head of this.#table.ofEndpoint(endpoint)) {
      if (runningLease(head, nowMs) !== null || keys?.has(hintKey(head)) === false) continue;
      if (oldest === null || byTurn(head, oldest) < 0) oldest = head;
    }
    return oldest === null ? null : this.#claim({ ...oldest, probedAtMs: nowMs }, nowMs, leaseMs);
  }

  override async claimOf(
    key: string,
    endpoint: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<ClaimedHint | null> {
    await this.wake(key, endpoint, nowMs);
    const head = this.#table.get(key);
    return head === null ? null : this.#claim(head, nowMs, leaseMs);
  }

  override async renew(held: Held, nowMs: number, leaseMs: number): Promise<boolean> {
    const head = this.#held(held, nowMs);
    if (held.leaseId === null || head === null) return false;
    this.#table.set({ ...head, lease: { id: held.leaseId, untilMs: nowMs + leaseMs } });
    return true;
  }

  override async settle(held: Held, nowMs: number): Promise<void> {
    const head = this.#held(held, nowMs);
    if (head === null) return;
    // What its bot took, none waits for any more.
    if (this.#freeNewer({ ...head, waitingSinceMs: head.arrivedAtMs }, held, nowMs)) return;
    this.#table.delete(held.key);
    await this.#store.remove(held.key);
  }

  override async reschedule(held: Held, next: Rescheduled, nowMs: number): Promise<void> {
    const head = this.#held(held, nowMs);
    if (head === null) return;
    const { endpoint, failure: lastFailure, newer, attempts, step, dueAtMs } = next;
    const state: HintState = dueAtMs === null ? 'parked' : 'waiting';
    const isNewer = head.generation !== held.generation;
    await this.#save({
      ...head,
      ...(isNewer ? newer : { attempts, step, dueAtMs, state }),
      endpoint: endpoint ?? head.endpoint,
      lastFailure,
      lease: null,
    });
  }

  override async release(held: Held, dueAtMs: number, nowMs: number): Promise<void> {
    const head = this.#held(held, nowMs);
    // Not written: after a restart the hint is due at its earlier time.
    if (head?.state === 'waiting') this.#table.set({ ...head, dueAtMs, lease: null });
  }

  override async bury(held: Held, failure: Failure, nowMs: number): Promise<boolean> {
    const head = this.#held(held, nowMs);
    if (head === null || this.#freeNewer(head, held, nowMs)) return false;
    await this.#save({ ...head, state: 'dead', dueAtMs: null, lastFailure: failure, lease: null });
    return true;
  }

  override async wake(key: string, endpoint: string, nowMs: number): Promise<void> {
    const head = this.#table.get(key);
    if (head === null) return;
    const awake = toWaiting(head, endpoint, nowMs);
    if (head.state === 'waiting') this.#table.set(awake);
    else await this.#save(awake);
  }

  override async wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    const keys = [...this.#table.ofEndpoint(endpoint)].map(hintKey);
    await inTurns(keys, SET_PER_TURN, (key) => {
      const head = this.#table.get(key);
      if (head?.state !== 'waiting' || head.endpoint !== endpoint) return;
      if (head.dueAtMs !== null && head.dueAtMs > nowMs) this.#table.set({ ...head, dueAtMs: nowMs });
    });
  }

  override async listEndpoints(): Promise<readonly string[]> {
    return this.#table.endpoints();
  }

  override async list(
    filter: HintFilter,
    cursor: string | null,
    limit: number,
    order: HintOrder = 'account',
  ): Promise<HintPage> {
    const found =
      order === 'account'
        ? this.#byAccount(filter, cursor, limit + 1)
        : await this.#bySince(filter, cursor, limit + 1);
    const hints = found.slice(0, limit);
    const last = hints.at(-1);
    return { hints, cursor: found.length > limit && last !== undefined ? cursorOf(last, order) : null };
  }

  #byAccount(filter: HintFilter, cursor: string | null, limit: number): HintHead[] {
    const { states, corpId } = filter;
    const prefix = corpId === null ? '' : accountKey({ corpId, openKfId: '' });
    const after = cursor !== null && cursor > prefix ? cursor : prefix;
    const found = states.flatMap((state) => {
      const heads = ofCorp(this.#table.ofState(state, after), corpId);
      return [...heads.filter((head) => hasArrivedSo(head, filter)).take(limit)];
    });
    return states.length > 1 ? found.sort((a, b) => (hintKey(a) < hintKey(b) ? -1 : 1)) : found;
  }

  async #bySince(filter: HintFilter, cursor: string | null, limit: number): Promise<readonly HintHead[]> {
    const { states, corpId } = filter;
    const after = cursor === null ? null : readSinceCursor(cursor);
    const first = new Smallest(limit, bySince);
    await this.#lookAtAll((head) => {
      if (!states.includes(head.state) || (corpId !== null && head.corpId !== corpId)) return;
      if (hasArrivedSo(head, filter) && (after === null || isBehind(head, after))) first.add(head);
    });
    return first.list();
  }

  override async find(key: string): Promise<Hint | null> {
    return this.#find(key);
  }

  override async findHeads(keys: readonly string[]): Promise<ReadonlyMap<string, HintHead>> {
    const heads = keys.map((key) => this.#table.get(key)).filter((head) => head !== null);
    return new Map(heads.map((head) => [hintKey(head), head]));
  }

  override async findOfAccount(openKfId: string): Promise<readonly HintHead[]> {
    const found: HintHead[] = [];
    await this.#lookAtAll((head) => {
      if (head.openKfId === openKfId) found.push(head);
    });
    return found;
  }

  override async replay(key: string, endpoint: string, nowMs: number): Promise<boolean> {
    const before = this.#find(key);
    if (before === null) return false;
    const hint = toReplayed(before, endpoint, nowMs);
    this.#table.set(toHead(hint));
    try {
      await this.#store.write(key, hint);
    } catch (error) {
      const now = this.#table.get(key);
      if (now?.generation === hint.generation) this.#table.set({ ...toHead(before), lease: now.lease });
      throw error;
    }
    return true;
  }

  override async drop(key: string, generation: string): Promise<boolean> {
    const head = this.#table.get(key);
    if (head === null) return true;
    if (head.generation !== generation) return false;
    this.#table.delete(key);
    try {
      await this.#store.remove(key);
    } catch (error) {
      if (this.#table.get(key) === null) this.#table.set(head);
      throw error;
    }
    return true;
  }

  override async counts(): Promise<OutboxCounts> {
    return {
      waiting: this.#table.count('waiting'),
      parked: this.#table.count('parked'),
      dead: this.#table.count('dead'),
      unreadable: this.#store.unreadable,
      oldestWaitingAtMs: this.#table.oldestAtMs('waiting'),
      oldestParkedAtMs: this.#table.oldestAtMs('parked'),
    };
  }

  override async groups(beforeMs: number): Promise<readonly HintGroup[]> {
    const groups = new Map<string, { -readonly [Field in keyof HintGroup]: HintGroup[Field] }>();
    await this.#lookAtAll(({ state, corpId, openKfId, endpoint, lastFailure, waitingSinceMs }) => {
      if (state !== 'dead' && waitingSinceMs > beforeMs) return;
      const stage = lastFailure?.stage ?? null;
      const answered = toAnswered(lastFailure);
      const key = `${state} ${corpId} ${stage} ${endpoint}`;
      const group = groups.get(key);
      if (group === undefined)
        groups.set(key, {
          ...{ state, corpId, endpoint, stage, answered, accounts: 1, openKfId, sinceMs: waitingSinceMs },
        });
      else {
        group.accounts++;
        group.answered = laterAnswer(group.answered, answered);
        group.sinceMs = Math.min(group.sinceMs, waitingSinceMs);
      }
    });
    return [...groups.values()];
  }

  /** As they are now, in turns of which none keeps callbacks waiting. */
  async #lookAtAll(look: (head: HintHead) => void): Promise<void> {
    await inTurns([...this.#table.heads()], LOOKED_AT_PER_TURN, look);
  }

  override nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null {
    for (const { atMs } of this.#table.claimable(exceptEndpoints)) return atMs;
    return null;
  }

  #requireRoom(corpId: string): void {
    if (this.#table.countUnregistered(corpId) >= UNREGISTERED_PER_CORP_MAX) throw new AppError('OUTBOX_FULL');
  }

  /** The hint that the put is merged with. Its event is read only if it stays: a needless read cost a tenth of a keep. */
  #beforePut(head: HintHead, put: NewHint): Hint | null {
    const { event, keysId } = put;
    return join(datedOf(head), put).keeps === 'put' ? { ...head, event, keysId } : this.#withEvent(head);
  }

  #find(key: string): Hint | null {
    const head = this.#table.get(key);
    return head === null ? null : this.#withEvent(head);
  }

  /** Treats a record that cannot be read as missing, so that it blocks nothing. */
  #withEvent(head: HintHead): Hint | null {
    const kept = this.#store.readEvent(hintKey(head));
    if (kept === null) this.#table.delete(hintKey(head));
    return kept === null ? null : { ...head, event: kept.event, keysId: kept.keysId };
  }

  #claim(head: HintHead, nowMs: number, leaseMs: number): ClaimedHint | null {
    const lease = { id: randomUUID(), untilMs: nowMs + leaseMs };
    const hint = this.#withEvent(head);
    if (hint === null) return null;
    this.#table.set({ ...head, lease });
    return { ...hint, lease, isTakenOver: head.lease !== null };
  }

  /** The hint, if its lease is the one held, or if none is held and none runs. */
  #held({ key, leaseId }: Held, nowMs: number): HintHead | null {
    const head = this.#table.get(key);
    if (head === null) return null;
    return (runningLease(head, nowMs)?.id ?? null) === leaseId ? head : null;
  }

  /** @returns whether the hint became newer while it was tried. */
  #freeNewer(head: HintHead, { generation, leaseId }: Held, nowMs: number): boolean {
    if (head.generation === generation) return false;
    if (leaseId !== null) this.#table.set({ ...head, dueAtMs: nowMs, lease: null });
    return true;
  }

  async #save(head: HintHead): Promise<void> {
    const hint = this.#withEvent(head);
    if (hint === null) return;
    this.#table.set(head);
    await this.#store.write(hintKey(head), hint);
  }

  /** After a failed write: what waited before still waits, unless it changed meanwhile. */
  #takeBack(key: string, generation: string, before: HintHead | null): void {
    if (this.#table.get(key)?.generation !== generation) return;
    if (before === null) this.#table.delete(key);
    else this.#table.set({ ...before, lease: null });
  }
}

async function inTurns<T>(items: readonly T[], perTurn: number, see: (item: T) => void): Promise<void> {
  for (let at = 0; at < items.length; at += perTurn) {
    if (at > 0) await nextTurn();
    for (const item of items.slice(at, at + perTurn)) see(item);
  }
}

/** Up to the first of another corp: they are sorted. */
function* ofCorp(heads: Iterable<HintHead>, corpId: string | null): Generator<HintHead> {
  for (const head of heads) {
    if (corpId !== null && head.corpId !== corpId) return;
    yield head;
  }
}

function toAnswered(failure: Failure | null): Answered | null {
  return failure?.status === undefined ? null : { status: failure.status, atMs: failure.atMs };
}

function hasArrivedSo({ lastFailure, arrivedAtMs }: HintHead, filter: HintFilter): boolean {
  const { stage, arrivedFromMs = 0, arrivedBeforeMs = Number.POSITIVE_INFINITY } = filter;
  if (stage !== undefined && lastFailure?.stage !== stage) return false;
  return arrivedAtMs >= arrivedFromMs && arrivedAtMs < arrivedBeforeMs;
}

/** Whose turn it is to probe. */
function byTurn(a: HintHead, b: HintHead): number {
  return a.probedAtMs - b.probedAtMs || a.arrivedAtMs - b.arrivedAtMs;
}

/** A key is made only where the times are the same. */
function bySince(a: HintHead, b: HintHead): number {
  if (a.waitingSinceMs !== b.waitingSinceMs) return a.waitingSinceMs - b.waitingSinceMs;
  return hintKey(a) < hintKey(b) ? -1 : 1;
}

function isBehind(head: HintHead, { sinceMs, key }: ReturnType<typeof readSinceCursor>): boolean {
  return head.waitingSinceMs === sinceMs ? hintKey(head) > key : head.waitingSinceMs > sinceMs;
}

function toHead({ event: _event, keysId: _keysId, ...head }: Hint): HintHead {
  return head;
}

/** Whole hints in memory; they are lost with the process. */
export class MemoryHintStore implements HintStore {
  readonly unreadable = 0;
  readonly #hints = new Map<string, Hint>();

  async write(key: string, hint: Hint): Promise<void> {
    this.#hints.set(key, hint);
  }

  async remove(key: string): Promise<void> {
    this.#hints.delete(key);
  }

  readEvent(key: string): KeptEvent | null {
    return this.#hints.get(key) ?? null;
  }

  hints(): Iterable<Hint> {
    return this.#hints.values();
  }
}
