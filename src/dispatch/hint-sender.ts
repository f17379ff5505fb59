import { randomUUID } from 'node:crypto';
import type { Clock } from '../kernel/clock.js';
import { failpoint } from '../kernel/failpoint.js';
import type { StoreClock } from '../kernel/store-clock.js';
import type { Puppet } from '../registry/puppet.js';
import type { RegistryService } from '../registry/registry.service.js';
import type { Attempt, AttemptResult, FailureStage } from './attempt.js';
import type { Circuits } from './circuit.js';
import type { Deliveries } from './deliveries.js';
import type { DispatchMetrics } from './dispatch-metrics.js';
import { type Failure, hintKey, type Occasion, REASON_LENGTH_MAX } from './hint.js';
import type { HintKeeper } from './hint-keeper.js';
import type { HintLog } from './hint-log.js';
import type { KfEvent } from './kf-event.js';
import type { ClaimedHint, Held, Outbox, Rescheduled } from './outbox.js';
import type { PuppetClient } from './puppet-client.js';
import type { ResyncBudget } from './resync-budget.js';
import { FAST_STEPS, HINT_LIFE_MS, type NextTry, nextTry, SYNC_TOKEN_LIFE_MS } from './retry-schedule.js';

/** An attempt of 5 s and its outcome fit in; what a process had claimed that died is free again after it. */
export const LEASE_MS = 15_000;
const RENEW_AFTER_MS = 5_000;
/** Until a registration that is under way will be over. */
const REGISTERING_MS = 5_000;
/** Until its endpoint will have a free socket. */
const SATURATED_MS = 1_000;
const REREAD_LIMIT_MS = 600;
const SETTLE_TRIES = 3;
const SETTLE_AGAIN_MS = 500;

/** One hint on its way. */
interface Sending {
  readonly outbox: Outbox;
  readonly hint: ClaimedHint;
  readonly held: Held;
  readonly occasion: Occasion;
  readonly puppet: Puppet;
  readonly endpoint: string;
  /** Whether the puppet is told to pull without the sync token, whose time is over. */
  readonly isResync: boolean;
  /** Store time at which a resync was granted; `null` when it is none, or needs no grant. */
  readonly grantedAtMs: number | null;
  /** On the clock that never jumps. */
  readonly startedMs: number;
}

/** Delivers one claimed hint and writes down what came of it. */
export class HintSender {
  readonly #underWay = new Set<Attempt>();

  /** @param onRecovered is called with an endpoint that was in trouble and took a hint. */
  constructor(
    private readonly client: PuppetClient,
    private readonly registry: RegistryService,
    private readonly circuits: Circuits,
    private readonly budget: ResyncBudget,
    private readonly keeper: HintKeeper,
    private readonly metrics: DispatchMetrics,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: HintLog,
    private readonly onRecovered: (endpoint: string) => void,
  ) {}

  /** Attempts that have no socket yet are given up; the others may end. */
  withdrawAll(): void {
    for (const attempt of this.#underWay) attempt.withdraw();
  }

  /**
   * Resolves when its outcome is stored. At a registration the request is begun before this returns.
   * @throws AppError `STORE_UNAVAILABLE`; the hint is delivered again once its lease has lapsed.
   */
  async send(outbox: Outbox, hint: ClaimedHint, occasion: Occasion): Promise<void> {
    const held = toHeld(hint);
    const nowMs = this.storeClock.nowMs();
    const ageMs = nowMs - hint.arrivedAtMs;
    // What was never tried, as after a replay, is tried once, however old it is.
    if (ageMs >= HINT_LIFE_MS && hint.attempts > 0)
      return this.#bury(outbox, hint, 'expired', 'no puppet took it within 3 days');
    const { openKfId } = hint;
    // One that registered with another process a moment ago is not in memory yet.
    const known = this.registry.findPuppet(openKfId);
    const puppet = known ?? (await this.registry.rereadPuppet(openKfId, REREAD_LIMIT_MS));
    if (puppet?.corpId !== hint.corpId) return this.#park(outbox, held, hint);
    const endpoint = this.client.endpointOf(puppet);
    if (endpoint === null) return this.#bury(outbox, hint, 'endpoint', this.client.faultOf(puppet));
    if (occasion === 'due' && this.client.isCrowded(puppet))
      return this.#putOff(outbox, held, hint, nowMs + SATURATED_MS);
    const isResync = ageMs + hint.event.lagMs >= SYNC_TOKEN_LIFE_MS;
    const needsGrant = isResync && occasion !== 'registration';
    if (needsGrant) {
      const retryAtMs = await this.budget.take(hint.corpId, nowMs);
      if (retryAtMs !== null) return this.#putOff(outbox, held, hint, retryAtMs);
    }
    const grantedAtMs = needsGrant ? nowMs : null;
    // From here to the request nothing is waited for: a registration may begin at any time.
    if (this.#mustWait(puppet, occasion)) {
      await this.#giveBack(hint, grantedAtMs);
      return this.#putOff(outbox, held, hint, nowMs + REGISTERING_MS);
    }
    const startedMs = this.clock.elapsedMs();
    const sending = { outbox, hint, held, occasion, puppet, endpoint, isResync, grantedAtMs, startedMs };
    const result = await this.#attempt(sending, isResync ? toResync(hint.event) : this.#readable(hint));
    await (result.taken ? this.#taken(sending) : this.#notTaken(sending, result.stage, result.reason));
  }

  #mustWait(puppet: Puppet, occasion: Occasion): boolean {
    if (occasion === 'registration') return false;
    return this.registry.whenAnswered(puppet.openKfId) !== null || this.registry.isHeldBack(puppet);
  }

  /** The puppet saw nothing of a resync. Where that cannot be stored, there is one less for a minute. */
  async #giveBack({ corpId }: ClaimedHint, grantedAtMs: number | null): Promise<void> {
    if (grantedAtMs !== null) await this.budget.giveBack(corpId, grantedAtMs).catch(() => {});
  }

  /** Not before `untilMs`; a probe was earlier than its hint's own time, which stays. */
  #putOff(outbox: Outbox, held: Held, { dueAtMs }: ClaimedHint, untilMs: number): Promise<void> {
    return outbox.release(held, Math.max(untilMs, dueAtMs ?? untilMs), this.storeClock.nowMs());
  }

  async #attempt(sending: Sending, event: KfEvent): Promise<AttemptResult> {
    const { outbox, hint, held, occasion, puppet, startedMs } = sending;
    failpoint('outbox.claimed');
    const attempt = this.client.start(puppet, event, hint.attempts + 1);
    this.#underWay.add(attempt);
    const renewal = this.clock.after(RENEW_AFTER_MS, () => {
      outbox.renew(held, this.storeClock.nowMs(), LEASE_MS).catch(() => {});
    });
    const result = await attempt.result;
    renewal.cancel();
    this.#underWay.delete(attempt);
    const elapsedMs = this.clock.elapsedMs() - startedMs;
    this.metrics.attempted(occasion, result, elapsedMs / 1_000);
    this.deliveries.ended(puppet, event, occasion, hint.attempts + 1, result, elapsedMs);
    this.log.attempted(hint, event, occasion, Math.round(elapsedMs), result);
    return result;
  }

  async #taken({ outbox, hint, held, occasion, puppet, endpoint, isResync }: Sending): Promise<void> {
    failpoint('delivery.taken');
    this.metrics.hintTaken(occasion, (this.storeClock.nowMs() - hint.arrivedAtMs) / 1_000, isResync);
    if (this.circuits.succeeded(endpoint)) this.onRecovered(endpoint);
    const marking = puppet.online ? null : this.registry.markOnline(puppet);
    await this.#settle(outbox, held);
    this.keeper.forget(held);
    await marking;
  }

  /** An outcome that cannot be stored means one more delivery, so it is tried a few times. */
  async #settle(outbox: Outbox, held: Held): Promise<void> {
    for (let triesLeft = SETTLE_TRIES; ; triesLeft--) {
      try {
        return await outbox.settle(held, this.storeClock.nowMs());
      } catch (error) {
        if (triesLeft === 1) throw error;
      }
      await new Promise<void>((resolve) => void this.clock.after(SETTLE_AGAIN_MS, resolve));
    }
  }

  async #notTaken(sending: Sending, stage: FailureStage, reason: string): Promise<void> {
    const { outbox, hint, held, endpoint, puppet, startedMs, grantedAtMs } = sending;
    if (hasSeenNothing(stage)) await this.#giveBack(hint, grantedAtMs);
    if (stage === 'endpoint') return this.#bury(outbox, hint, stage, reason);
    if (stage === 'saturated' || stage === 'withdrawn')
      return this.#putOff(outbox, held, hint, this.storeClock.nowMs() + SATURATED_MS);
    this.circuits.failed(endpoint, startedMs);
    const now = await this.registry.rereadPuppet(hint.openKfId, REREAD_LIMIT_MS);
    const nowMs = this.storeClock.nowMs();
    if (now !== null && now.endpoint !== puppet.endpoint) return this.#sendAfter(outbox, held, now);
    const failure = toFailure(nowMs, stage, reason);
    const next = this.#nextTry(sending, nowMs);
    if (next === null) return this.#bury(outbox, hint, stage, reason);
    await outbox.reschedule(held, toRescheduled(sending, next, failure, nowMs), nowMs);
  }

  /** The puppet has moved: what waits for it is of another endpoint, whose circuit counts. */
  async #sendAfter(outbox: Outbox, held: Held, puppet: Puppet): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    await outbox.release(held, nowMs, nowMs);
    const endpoint = this.client.endpointOf(puppet);
    if (endpoint !== null) await outbox.wake(held.key, endpoint, nowMs);
  }

  /** A probe is not of the schedule and uses up none of its retries. */
  #nextTry({ hint, occasion }: Sending, nowMs: number): NextTry | null {
    if (occasion === 'probe')
      return { step: hint.step, delayMs: Math.max(0, (hint.dueAtMs ?? nowMs) - nowMs) };
    return nextTry(hint.step, nowMs - hint.arrivedAtMs + hint.event.lagMs, Math.random());
  }

  /** The puppet is not known any more, or the account is another corp's: until that changes nothing is sent. */
  async #park(outbox: Outbox, held: Held, { attempts, step }: ClaimedHint): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const failure = toFailure(nowMs, 'unregistered', 'no puppet of this corp is registered for the account');
    const newer = { step, dueAtMs: nowMs };
    await outbox.reschedule(held, { endpoint: null, attempts, step, dueAtMs: null, failure, newer }, nowMs);
  }

  async #bury(outbox: Outbox, hint: ClaimedHint, stage: Failure['stage'], reason: string): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    if (!(await outbox.bury(toHeld(hint), toFailure(nowMs, stage, reason), nowMs))) return;
    this.metrics.hintBuried(stage);
    this.log.buried(hint, stage, reason, nowMs);
  }

  /** As it came, or opened, where the puppet has registered with other keys since and could not open it. */
  #readable({ event, keysId, openKfId }: ClaimedHint): KfEvent {
    if (event.raw === null || keysId === this.registry.findKeysId(openKfId)) return event;
    return { ...event, raw: null };
  }
}

function toHeld(hint: ClaimedHint): Held {
  return { key: hintKey(hint), generation: hint.generation, leaseId: hint.lease.id };
}

/** WeCom takes the event's sync token no more; the puppet pulls without. Another event, so another id, and of no trace. */
export function toResync({ corpId, openKfId }: Pick<KfEvent, 'corpId' | 'openKfId'>): KfEvent {
  return {
    id: randomUUID(),
    corpId,
    openKfId,
    syncToken: '',
    createdAtS: null,
    lagMs: 0,
    raw: null,
    traceparent: null,
  };
}

const SEEN_NOTHING: ReadonlySet<Failure['stage']> = new Set([
  'endpoint',
  'saturated',
  'withdrawn',
  'connect',
  'registering',
]);

/** Whether the puppet cannot have seen what failed there. */
export function hasSeenNothing(stage: Failure['stage']): boolean {
  return SEEN_NOTHING.has(stage);
}

export function toFailure(atMs: number, stage: Failure['stage'], reason: string): Failure {
  return { atMs, stage, reason: reason.slice(0, REASON_LENGTH_MAX) };
}

function toRescheduled(
  { hint, endpoint }: Sending,
  { step, delayMs }: NextTry,
  failure: Failure,
  nowMs: number,
): Rescheduled {
  // What came in meanwhile has a sync token, and goes on where the fast part of the schedule was.
  const fast = nextTry(Math.min(hint.step, FAST_STEPS), 0, Math.random());
  return {
    endpoint,
    attempts: hint.attempts + 1,
    step,
    dueAtMs: nowMs + delayMs,
    failure,
    newer: { step: fast?.step ?? step, dueAtMs: nowMs + (fast?.delayMs ?? delayMs) },
  };
}
