import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import { endWith, Tracing } from '../kernel/tracing.js';
import type { Puppet } from '../registry/puppet.js';
import { RegistryService } from '../registry/registry.service.js';
import { keysIdOf } from '../registry/registry-image.js';
import type { KeyPair } from '../registry/shared-keys.js';
import type { Attempt, AttemptResult, FailureStage } from './attempt.js';
import { Deliveries } from './deliveries.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { hintKey, type Lease, type NewHint, type NotTriedStage } from './hint.js';
import { HintKeeper } from './hint-keeper.js';
import { LEASE_MS, toFailure } from './hint-sender.js';
import type { KfEvent } from './kf-event.js';
import type { Kept } from './outbox.js';
import { Overload } from './overload.js';
import { PuppetClient } from './puppet-client.js';
import { Redelivery } from './redelivery.js';
import { nextTry } from './retry-schedule.js';
import { SeenEvents } from './seen-events.js';

/** How long an answer waits for the puppet. */
const INLINE_BUDGET_MS = 1_000;
/** How long it waits for anything: contract 3. */
const ANSWER_LIMIT_MS = 2_800;
/** What is left of that to keep an event, however long ago its callback came in. */
const KEEP_RESERVE_MS = 500;
const KEEP_AGAIN_MS = 250;
/** When a puppet is tried that has deregistered, or is just registering with another process. */
const LATER_MS = 5_000;
/** Another process notes within milliseconds that it has answered a registration: looked for often at first. */
const LOOK_AGAIN_FIRST_MS = 10;

export type Dispatched =
  | { readonly delivery: 'delivered'; readonly status: number; readonly attempts: number }
  | {
      readonly delivery: 'pending';
      readonly attempts: number;
      readonly stage: FailureStage | NotTriedStage;
    };

/** An event as it came in. */
interface Incoming {
  readonly event: KfEvent;
  /** What `event.raw` was opened with, since its puppet has it too; `null` without. */
  readonly pair: KeyPair | null;
  /** When it came in first, store time. */
  readonly arrivedAtMs: number;
  /** When it must be answered, on the clock that never jumps. */
  readonly answerByMs: number;
  /** What came with `event.traceparent`, and is not kept with it. */
  readonly tracestate: string | null;
}

type Tried = Taken | NotTaken;

interface Taken {
  readonly taken: true;
  readonly status: number;
  readonly attempts: number;
}

interface NotTaken {
  readonly taken: false;
  readonly stage: FailureStage | NotTriedStage;
  readonly reason: string;
  readonly attempts: number;
  readonly puppet: Puppet | null;
  /** One that is still under way. */
  readonly late: Attempt | null;
}

/** Delivers an event while its sender waits, and keeps what the puppet does not take at once. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly client: PuppetClient,
    private readonly registry: RegistryService,
    private readonly keeper: HintKeeper,
    private readonly seen: SeenEvents,
    private readonly redelivery: Redelivery,
    private readonly metrics: DispatchMetrics,
    private readonly deliveries: Deliveries,
    private readonly overload: Overload,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Returns once the puppet has taken the event or it is durably kept, within 2.8 s of `startedMs`.
   * @param puppet `null` when none is registered for the event's kf account.
   * @param startedMs when its callback came in, on the clock that never jumps.
   * @param tracestate of the event's trace.
   * @throws AppError `DISPATCH_NOT_TAKEN`, `OUTBOX_FULL`: neither; the puppet may still take it then.
   */
  async dispatch(
    event: KfEvent,
    puppet: Puppet | null,
    startedMs: number,
    tracestate: string | null = null,
  ): Promise<Dispatched> {
    const incoming = {
      event,
      pair: event.raw === null ? null : this.registry.findPairOf(event.openKfId),
      arrivedAtMs: this.seen.note(event.id),
      answerByMs: startedMs + ANSWER_LIMIT_MS,
      tracestate,
    };
    this.overload.eventBegan();
    try {
      const tried = await this.#try(incoming, puppet);
      if (!tried.taken) return await this.#keep(incoming, tried);
      this.keeper.taken(event);
      return { delivery: 'delivered', status: tried.status, attempts: tried.attempts };
    } finally {
      this.overload.eventEnded();
    }
  }

  async #try(incoming: Incoming, known: Puppet | null): Promise<Tried> {
    const { event, answerByMs } = incoming;
    const nowMs = this.clock.elapsedMs();
    const endMs = Math.max(nowMs, Math.min(nowMs + INLINE_BUDGET_MS, answerByMs - KEEP_RESERVE_MS));
    let puppet = known;
    const answered = this.registry.whenAnswered(event.openKfId);
    if (answered !== null) {
      if (!(await this.#isInTime(answered, endMs))) return notTried('registering', puppet);
      puppet = ofCorp(event, this.registry.findPuppet(event.openKfId));
    }
    if (puppet === null) return notTried('unregistered', null);
    if (this.registry.isHeldBack(puppet)) puppet = ofCorp(event, await this.#whenNoted(puppet, endMs));
    if (puppet === null) return notTried('unregistered', null);
    const first = await this.#tryOnce(incoming, puppet, endMs, 0);
    if (first.taken || first.late !== null || FINAL_STAGES.has(first.stage)) return first;
    const moved = ofCorp(event, await this.#findMoved(puppet, endMs));
    return moved === null ? first : this.#tryOnce(incoming, moved, endMs, first.attempts);
  }

  /** The puppet once the process that took its registration has noted its answer, or as it is at the end. */
  async #whenNoted(puppet: Puppet, endMs: number): Promise<Puppet | null> {
    let known: Puppet | null = puppet;
    for (let pauseMs = LOOK_AGAIN_FIRST_MS; known !== null && this.registry.isHeldBack(known); pauseMs *= 2) {
      const leftMs = endMs - this.clock.elapsedMs() - pauseMs;
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => void this.clock.after(pauseMs, resolve));
      known = await this.registry.rereadPuppet(puppet.openKfId, leftMs);
    }
    return known;
  }

  /** The puppet where it is now, if another replica knows it to be back or at another endpoint. */
  async #findMoved(puppet: Puppet, endMs: number): Promise<Puppet | null> {
    const leftMs = endMs - this.clock.elapsedMs();
    if (leftMs <= 0) return null;
    const now = await this.registry.rereadPuppet(puppet.openKfId, leftMs);
    if (this.clock.elapsedMs() >= endMs) return null;
    return now?.online && (!puppet.online || now.endpoint !== puppet.endpoint) ? now : null;
  }

  async #tryOnce(
    { event, pair, tracestate }: Incoming,
    puppet: Puppet,
    endMs: number,
    attemptsBefore: number,
  ): Promise<Tried> {
    if (!puppet.online && !puppet.goodbyeDoubted) return notTried('offline', puppet, attemptsBefore);
    if (this.registry.isHeldBack(puppet)) return notTried('registering', puppet, attemptsBefore);
    // Where nothing can be kept, an attempt is the better chance.
    if (!this.keeper.isFailing && this.overload.keepsNext(this.client.underWayAt(puppet)))
      return notTried('overloaded', puppet, attemptsBefore);
    const endpoint = this.client.endpointOf(puppet);
    if (endpoint !== null && !this.redelivery.circuits.admit(endpoint))
      return notTried('circuit', puppet, attemptsBefore);
    const attempts = attemptsBefore + 1;
    const startedMs = this.clock.elapsedMs();
    const isReadable = pair === null || pair === this.registry.findPairOf(event.openKfId);
    const sent = isReadable ? event : { ...event, raw: null };
    const attempt = this.client.start(puppet, sent, attempts, tracestate);
    this.overload.attemptBegan();
    const result = await this.#untilBudget(attempt, endMs, (ended) => {
      this.overload.attemptEnded();
      const durationMs = this.clock.elapsedMs() - startedMs;
      this.metrics.attempted('inline', ended, durationMs / 1_000);
      this.deliveries.ended(puppet, sent, 'inline', attempts, ended, durationMs);
      if (endpoint !== null) this.#count(endpoint, startedMs, ended);
    });
    if (result === 'late') return { ...notTried('late', puppet, attempts), late: attempt };
    if (result.taken) {
      if (!puppet.online) this.redelivery.untilOver(this.registry.markOnline(puppet));
      return { taken: true, status: result.status, attempts };
    }
    return { ...result, attempts, puppet, late: null };
  }

  /** Late results count too. What never had a socket says nothing of the endpoint. */
  #count(endpoint: string, startedMs: number, result: AttemptResult): void {
    if (result.taken) {
      if (this.redelivery.circuits.succeeded(endpoint)) this.redelivery.recovered(endpoint);
    } else if (result.stage === 'withdrawn' || result.stage === 'saturated') {
      this.redelivery.circuits.inconclusive(endpoint);
    } else {
      this.redelivery.circuits.failed(endpoint, startedMs);
    }
  }

  #untilBudget(
    attempt: Attempt,
    endMs: number,
    onEnd: (result: AttemptResult) => void,
  ): Promise<AttemptResult | 'late'> {
    return new Promise((resolve) => {
      const budget = this.clock.after(endMs - this.clock.elapsedMs(), () => {
        if (!attempt.withdraw()) resolve('late');
      });
      void attempt.result.then((result) => {
        budget.cancel();
        onEnd(result);
        resolve(result);
      });
    });
  }

  /** The first of taken, kept, or too late decides. */
  async #keep(incoming: Incoming, tried: NotTaken): Promise<Dispatched> {
    const { attempts, stage, reason, late } = tried;
    const hint = this.#toHint(incoming, tried);
    const kept = this.#traced(incoming, this.#keepInTime(incoming, hint));
    if (late !== null) this.#followLate(late, kept, hint.lease, incoming);
    const taken = late === null ? null : takenBy(late);
    try {
      const outcome = await (taken === null ? kept : Promise.race([taken, kept]));
      if ('status' in outcome) return { delivery: 'delivered', status: outcome.status, attempts };
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'OUTBOX_FULL') throw cause;
      const result = late === null ? null : await this.#resultInTime(late, incoming.answerByMs);
      if (result?.taken) return { delivery: 'delivered', status: result.status, attempts };
      await this.redelivery.tryFromMemory(hint);
      const internal = { stage, attempts, keeping: cause instanceof AppError ? cause.code : String(cause) };
      throw new AppError('DISPATCH_NOT_TAKEN', { cause, detail: reason, internal });
    }
    this.#wakeAfter(tried, incoming.event);
    return { delivery: 'pending', attempts, stage };
  }

  #toHint({ event, pair, arrivedAtMs }: Incoming, tried: NotTaken): NewHint {
    const { stage, reason, attempts, puppet, late } = tried;
    const nowMs = this.storeClock.nowMs();
    const step = attempts > 0 ? 1 : 0;
    return {
      event,
      isFirst: (otherId) => this.seen.isFirst(event.id, otherId),
      keysId: pair === null ? null : keysIdOf(pair),
      arrivedAtMs,
      attempts,
      step,
      dueAtMs: puppet === null ? null : nowMs + delayAfter(stage),
      endpoint: puppet === null ? null : this.client.endpointOf(puppet),
      failure: toFailure(nowMs, stage, reason),
      lease: late === null ? null : { id: randomUUID(), untilMs: nowMs + LEASE_MS },
    };
  }

  #traced({ event, tracestate }: Incoming, keeping: Promise<Kept>): Promise<Kept> {
    const { traceparent, corpId, openKfId } = event;
    const span = this.tracing.start(
      'internal',
      'keep',
      traceparent === null ? null : { traceparent, tracestate },
    );
    span?.set({ 'wxkf.corp_id': corpId, 'wxkf.open_kf_id': openKfId });
    return endWith(span, keeping);
  }

  /** Again and again, as long as there is time. @throws AppError */
  async #keepInTime({ answerByMs }: Incoming, hint: NewHint): Promise<Kept> {
    for (;;) {
      const put = this.keeper.keep(hint);
      try {
        return await this.#inTime(put, answerByMs);
      } catch (error) {
        const isHopeless = !(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE';
        if (isHopeless || this.clock.elapsedMs() + KEEP_AGAIN_MS >= answerByMs) throw error;
      }
      await new Promise<void>((resolve) => void this.clock.after(KEEP_AGAIN_MS, resolve));
    }
  }

  async #inTime(put: Promise<Kept>, answerByMs: number): Promise<Kept> {
    if (await this.#isInTime(put, answerByMs)) return put;
    put.catch(() => {});
    throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'keep' } });
  }

  /** @returns `null` when there is none by then. */
  async #resultInTime({ result }: Attempt, endMs: number): Promise<AttemptResult | null> {
    return (await this.#isInTime(result, endMs)) ? result : null;
  }

  /** Whether it settles before `endMs`; by rejection too. */
  #isInTime(work: Promise<unknown>, endMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.clock.after(Math.max(0, endMs - this.clock.elapsedMs()), () => resolve(false));
      const settled = (): void => {
        timer.cancel();
        resolve(true);
      };
      work.then(settled, settled);
    });
  }

  /** An attempt that was under way when its event was kept decides what becomes of that. */
  #followLate(late: Attempt, keeping: Promise<Kept>, lease: Lease | null, { event }: Incoming): void {
    const follow = async (): Promise<void> => {
      const [result, kept] = await Promise.all([late.result, keeping.catch(() => null)]);
      if (kept === null) return;
      const held = { key: hintKey(event), generation: kept.generation, leaseId: kept.leaseId };
      const isOwn = lease !== null && kept.leaseId === lease.id;
      if (result.taken) this.keeper.takenLate(event, isOwn ? held : null);
      else if (isOwn) this.keeper.release(held, kept.dueAtMs ?? this.storeClock.nowMs());
      this.redelivery.wakeUp();
    };
    this.redelivery.untilOver(follow());
  }

  /** What is due soon wakes the loop; what was kept for nobody yet may have missed its puppet's registration. */
  #wakeAfter({ stage, puppet }: NotTaken, { corpId, openKfId }: KfEvent): void {
    if (puppet !== null && stage !== 'registering') {
      // Nothing of an open circuit can be claimed; but it may have closed meanwhile.
      const endpoint = stage === 'circuit' ? this.client.endpointOf(puppet) : null;
      if (endpoint === null || !this.redelivery.circuits.isOpen(endpoint)) this.redelivery.wakeUp();
      return;
    }
    const wakeIfKnown = async (): Promise<void> => {
      await this.registry.whenAnswered(openKfId);
      const reread = await this.registry.rereadPuppet(openKfId, INLINE_BUDGET_MS);
      const known = reread && (await this.#whenNoted(reread, this.clock.elapsedMs() + LATER_MS));
      if (known?.corpId === corpId && !this.registry.isHeldBack(known)) await this.redelivery.wake(known);
    };
    // Else the patrol finds it.
    wakeIfKnown().catch(() => {});
  }
}

/** Of a first attempt that another endpoint would not change. */
const FINAL_STAGES: ReadonlySet<FailureStage | NotTriedStage> = new Set(['circuit', 'overloaded']);

const REASONS: Readonly<Record<NotTriedStage, string>> = {
  unregistered: 'no puppet has registered for this kf account yet',
  offline: 'the puppet has deregistered',
  circuit: 'the puppet failed again and again and is only probed',
  registering: 'the puppet is registering',
  late: 'the puppet did not answer in time',
  overloaded: 'too many events are on their way to puppets',
  expired: 'nobody took it within 3 days',
};

function notTried(stage: NotTriedStage, puppet: Puppet | null, attempts = 0): NotTaken {
  return { taken: false, stage, reason: REASONS[stage], attempts, puppet, late: null };
}

/** A corp's event is for its own account only, whoever has registered for it by now. */
function ofCorp({ corpId }: KfEvent, puppet: Puppet | null): Puppet | null {
  return puppet?.corpId === corpId ? puppet : null;
}

/** Never settles where it was not. */
function takenBy(attempt: Attempt): Promise<{ readonly status: number }> {
  return new Promise((resolve) => {
    void attempt.result.then((result) => {
      if (result.taken) resolve(result);
    });
  });
}

function delayAfter(stage: FailureStage | NotTriedStage): number {
  if (stage === 'circuit') return 0;
  if (stage === 'offline' || stage === 'registering') return LATER_MS;
  return nextTry(0, 0, Math.random())?.delayMs ?? 0;
}
