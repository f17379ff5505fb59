import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { failpoint } from '../../kernel/failpoint.js';
import { LOG, type Log } from '../../kernel/log.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { DispatchMetrics } from '../endpoint/dispatch-metrics.js';
import { EventKeeper } from './event-keeper.js';
import {
  afterTaken,
  covers,
  type HeldHint,
  type HintHead,
  join,
  type KnownHint,
  type NewHint,
  toReleased,
} from '../../queue/event.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { EventQueue, type KeptHint } from '../../queue/event-queue.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/** The events that one put keeps. */
interface Keeping {
  /** What they are kept as: see `join`. */
  readonly hint: NewHint;
  readonly events: number;
  /** Those whose attempts are under way. */
  readonly underWay: readonly UnderWay[];
}

interface UnderWay {
  readonly id: string;
  readonly arrivedAtMs: number;
}

/** The put that is under way for an account, and the next one with the events that came meanwhile. */
interface Lane {
  now: Keeping;
  next: (Keeping & { readonly done: PromiseWithResolvers<KeptHint> }) | null;
  /** What to do once events are kept whose attempts ended before that. By event id. */
  readonly ended: Map<string, () => void>;
}

const NOT_OWED = Number.POSITIVE_INFINITY;
const UNKNOWN = Number.NEGATIVE_INFINITY;

/** What became of the attempts that were under way when the events of one hint were kept. */
interface Late {
  /** When the events arrived whose attempts have not ended, by their ids. */
  readonly underWay: Map<string, number>;
  /**
   * When the first of the hint's events arrived that must still be delivered, even if all attempts under way succeed.
   * `NOT_OWED` when there is none, `UNKNOWN` when this process does not know it.
   */
  owedSinceMs: number;
  /**
   * The lease of the first attempt. The hint keeps it until the last attempt ends. `null` when the hint has another
   * or none.
   */
  readonly leaseId: string | null;
  /** When the hint may be sent after a failed attempt. */
  dueAtMs: number;
}

/** What this process last kept for an account. */
interface Known extends Pick<KeptHint, 'generation' | 'leaseId' | 'dated' | 'dueAtMs'> {
  readonly late: Late;
}

/**
 * Keeps events in the queue, one write per account at a time, and knows what it kept. So when a bot takes an
 * event, the event that waits is settled if it is the same one or known to be older. For a bot that gets each
 * event, it has to be the same one.
 */
@Injectable()
export class HintKeeper {
  readonly #lanes = new Map<string, Lane>();
  readonly #known = new Map<string, Known>();
  readonly #events: EventKeeper;
  readonly #writes = new BackgroundWork();
  #isFailing = false;

  constructor(
    private readonly queue: EventQueue,
    private readonly metrics: DispatchMetrics,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#events = new EventKeeper(queue, metrics, storeClock);
  }

  /** Whether the latest event could not be kept. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /**
   * The event is durable when it resolves, perhaps joined with a newer one.
   * @throws AppError `STORE_UNAVAILABLE`, `OUTBOX_FULL`
   */
  async keep(hint: NewHint): Promise<KeptHint> {
    try {
      const kept = await (hint.keepsEach === true ? this.#events.keep(hint) : this.#enqueue(hint));
      this.#isFailing = false;
      if (hint.failure !== null) this.metrics.hintKept(hint.failure.stage);
      return kept;
    } catch (error) {
      this.#isFailing = !(error instanceof AppError) || error.code !== 'OUTBOX_FULL';
      throw error;
    }
  }

  #enqueue(hint: NewHint): Promise<KeptHint> {
    const key = accountKey(hint.event);
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const first: Lane = { now: alone(hint), next: null, ended: new Map() };
      this.#lanes.set(key, first);
      return this.#put(key, first, first.now);
    }
    const { next } = lane;
    const done = next?.done ?? Promise.withResolvers<KeptHint>();
    lane.next = { ...(next === null ? alone(hint) : joinNew(next, hint)), done };
    return done.promise;
  }

  /**
   * Call it when a bot took an event. Settles what is known to wait for the account, if the event covers it.
   * @param isEach whether the bot gets each event, so that none covers another one.
   * @returns whether something was settled.
   */
  taken(event: KfEvent, isEach = false): boolean {
    const removed = this.#events.taken(event);
    if (removed !== null) this.#follow(removed, accountKey(event), 'hint.settle_failed');
    if (removed !== null || this.#known.size === 0) return removed !== null;
    const key = accountKey(event);
    const known = this.#known.get(key);
    const isCovered =
      known !== undefined && (isEach ? event.id === known.dated.id : covers(event, known.dated));
    if (!isCovered) return false;
    this.#known.delete(key);
    this.#settle(event, known);
    return true;
  }

  /**
   * Call it when an attempt ended that was under way when its event was kept, or was to be kept. Once all attempts of
   * a hint have ended, the hint is settled if each of its events was taken; otherwise its lease ends.
   * @param retryAfterMs how long the bot asked to be left alone when an attempt failed.
   */
  lateEnded(event: KfEvent, isTaken: boolean, retryAfterMs = 0): void {
    const key = accountKey(event);
    const known = this.#known.get(key);
    const arrivedAtMs = known?.late.underWay.get(event.id);
    known?.late.underWay.delete(event.id);
    const lane = this.#lanes.get(key);
    if (arrivedAtMs === undefined && lane !== undefined && isBeingKept(event, lane))
      lane.ended.set(event.id, () => this.lateEnded(event, isTaken, retryAfterMs));
    if (isTaken && this.taken(event)) return this.metrics.settledLate();
    const freed = isTaken ? null : this.#events.failed(event, retryAfterMs);
    if (freed !== null) this.#follow(freed, key, 'hint.release_failed');
    if (known === undefined || arrivedAtMs === undefined) return;
    const { late } = known;
    const nowMs = this.storeClock.nowMs();
    if (!isTaken) {
      late.owedSinceMs = Math.min(late.owedSinceMs, arrivedAtMs);
      late.dueAtMs = Math.max(late.dueAtMs, known.dueAtMs ?? nowMs, nowMs + retryAfterMs);
    }
    if (late.underWay.size === 0) this.#endLate(event, known, nowMs);
  }

  #endLate(account: Addressee, known: Known, nowMs: number): void {
    const { late } = known;
    if (late.owedSinceMs === NOT_OWED) {
      this.#known.delete(accountKey(account));
      this.#settle(account, known);
      this.metrics.settledLate();
    } else if (late.leaseId !== null) this.#release(account, known, late.leaseId, nowMs);
  }

  /** Gives back the lease after the attempts under it. */
  #release(account: Addressee, known: Known, leaseId: string, nowMs: number): void {
    const key = accountKey(account);
    if (known.leaseId === leaseId) this.#known.set(key, { ...known, leaseId: null });
    const dueAtMs = Math.max(nowMs, known.late.dueAtMs);
    const held = toHeld(account, known.generation, leaseId);
    const released = this.queue.changeHeld(held, nowMs, (hint) => toReleased(hint, dueAtMs));
    this.#follow(released, key, 'hint.release_failed');
  }

  /** Its event no longer waits, or not in this generation, so no later success has to settle it. */
  forget(hint: Pick<HintHead, 'corpId' | 'openKfId' | 'generation' | 'eventId'>): void {
    const key = accountKey(hint);
    const { generation, eventId } = hint;
    this.#events.forget(key, eventId);
    if (this.#known.get(key)?.generation === generation) this.#known.delete(key);
  }

  /** Resolves when all settling and releasing that has begun is written, or has failed. */
  async whenWritten(): Promise<void> {
    await this.#writes.whenOver();
  }

  async #put(key: string, lane: Lane, keeping: Keeping): Promise<KeptHint> {
    const { hint, events, underWay } = keeping;
    lane.now = keeping;
    try {
      const before = this.#known.get(key);
      const put = { ...hint, known: toKnownHint(before) };
      const kept = await this.queue.put([put], this.storeClock.nowMs(), before === undefined);
      failpoint('outbox.kept');
      this.metrics.hintsCoalesced(events - 1 + kept.merged);
      const { generation, leaseId, dated, dueAtMs } = kept;
      const late = lateAfter(this.#known.get(key), keeping, kept);
      this.#known.set(key, { generation, leaseId, dated, dueAtMs, late });
      for (const { id } of underWay) lane.ended.get(id)?.();
      return kept;
    } finally {
      for (const { id } of underWay) lane.ended.delete(id);
      this.#goOn(key, lane);
    }
  }

  #goOn(key: string, lane: Lane): void {
    const { next } = lane;
    lane.next = null;
    if (next === null) this.#lanes.delete(key);
    else next.done.resolve(this.#put(key, lane, next));
  }

  #settle(account: Addressee, { generation, leaseId }: Known): void {
    // If it fails, the event is delivered once more, which is harmless.
    const nowMs = this.storeClock.nowMs();
    const held = toHeld(account, generation, leaseId);
    const settled = this.queue.changeHeld(held, nowMs, (hint) => afterTaken(hint, held, nowMs));
    this.#follow(settled, accountKey(account), 'hint.settle_failed');
  }

  #follow(write: Promise<unknown>, key: string, failed: string): void {
    this.#writes.add(write).catch((err: unknown) => this.log.debug({ hint: key, err }, failed));
  }
}

function toHeld({ corpId, openKfId }: Addressee, generation: string, leaseId: string | null): HeldHint {
  return { corpId, openKfId, generation, lease: leaseId === null ? null : { id: leaseId } };
}

function isBeingKept({ id }: KfEvent, { now, next }: Lane): boolean {
  return [now, next].some((keeping) => keeping?.underWay.some((one) => one.id === id));
}

function alone(hint: NewHint): Keeping {
  const underWay = { id: hint.event.id, arrivedAtMs: hint.arrivedAtMs };
  return { hint, events: 1, underWay: hint.lease === null ? [] : [underWay] };
}

function joinNew({ hint: before, events, underWay }: Keeping, put: NewHint): Keeping {
  const { keeps, dated } = join(before.event, put);
  const kept = keeps === 'put' ? put : before;
  return {
    hint: { ...kept, event: { ...kept.event, ...dated }, lease: before.lease ?? put.lease },
    events: events + 1,
    underWay: [...underWay, ...alone(put).underWay],
  };
}

/** @param before what this process knew of the account. */
function lateAfter(before: Known | undefined, { hint, events, underWay }: Keeping, kept: KeptHint): Late {
  const { replaced, leaseId } = kept;
  const isAlone = replaced === null;
  const late = isAlone ? undefined : before?.late;
  // A hint that another process put there, or one before this process, may have attempts that are not known here.
  const isKnown = isAlone || before?.generation === replaced;
  const isOwn = leaseId !== null && (leaseId === hint.lease?.id || leaseId === late?.leaseId);
  const added = underWay.map(({ id, arrivedAtMs }) => [id, arrivedAtMs] as const);
  return {
    underWay: new Map([...(late?.underWay ?? []), ...added]),
    owedSinceMs: isKnown && added.length === events ? (late?.owedSinceMs ?? NOT_OWED) : UNKNOWN,
    leaseId: isOwn ? leaseId : null,
    dueAtMs: late?.dueAtMs ?? 0,
  };
}

/** @returns `undefined` where it is not known since when the hint waits. */
function toKnownHint(known: Known | undefined): KnownHint | undefined {
  if (known === undefined || known.late.owedSinceMs === UNKNOWN) return undefined;
  const { generation, late } = known;
  const { underWay, owedSinceMs } = late;
  return {
    generation,
    waitingSinceMs: Math.min(owedSinceMs, ...underWay.values()),
    leaseId: owedSinceMs === NOT_OWED ? late.leaseId : null,
  };
}
