import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { type Destination, Destinations } from '../../registry/accounts/destination.js';
import type { FailureStage, NotTriedStage } from '../../queue/failure.js';
import type { Attempt, AttemptResult } from '../endpoint/attempt.js';
import { BotEndpoints } from '../endpoint/bot-endpoint.js';
import type { KfEvent } from '../../queue/kf-event.js';
import { toParcel } from '../endpoint/parcel.js';
import { HintKeeper } from '../later/hint-keeper.js';
import { type IncomingEvent, InlineKeeper, type FailedTry } from './keep.js';
import { Overload } from './overload.js';
import { SeenEvents } from './seen-events.js';

/** How long an answer waits for anything: WeCom gives up after 5 s. */
const ANSWER_LIMIT_MS = 2_800;
/** How long an answer waits for the puppet. */
const INLINE_BUDGET_MS = 1_000;
/** Time reserved at the end for keeping the event, however long ago its callback came in. */
const KEEP_RESERVE_MS = 500;

/** Failures that a second attempt would not change. */
const FINAL_STAGES: ReadonlySet<FailureStage | NotTriedStage> = new Set([
  'unregistered',
  'elsewhere',
  'circuit',
  'pull_held',
  'overloaded',
]);

/** Why a first try was not made, or did not end in time. */
const REASONS = {
  unregistered: 'no bot takes the events of this kf account yet',
  offline: 'its puppet has deregistered, or no client of its bot is connected',
  elsewhere: 'the client of its bot is connected to another replica, which claims it',
  paused: 'its bot is paused',
  circuit: 'its bot failed again and again and is only probed',
  pull_held: 'WeCom failed to give the messages of its bot again and again, and is asked now and then',
  registering: 'its puppet is registering',
  late: 'its bot did not answer in time',
  overloaded: 'too many events are on their way to bots',
} satisfies Readonly<Partial<Record<NotTriedStage, string>>>;

export type DispatchResult =
  | { readonly delivery: 'delivered'; readonly status: number; readonly attempts: number }
  | {
      readonly delivery: 'pending';
      readonly attempts: number;
      readonly stage: FailureStage | NotTriedStage;
    };

interface Taken {
  readonly taken: true;
  readonly status: number;
  readonly attempts: number;
}

type Tried = Taken | FailedTry;

/**
 * Promises an answer for each event: its puppet has taken it, or the queue keeps it. It tries the puppet while the sender
 * waits, once more if the puppet has moved meanwhile, and has kept what was not taken.
 */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly keeping: InlineKeeper,
    private readonly keeper: HintKeeper,
    private readonly seen: SeenEvents,
    private readonly overload: Overload,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns once the puppet has taken the event or it is durably kept, within 2.8 s of `startedMs`.
   * @param destination as it is now.
   * @param startedMs when its callback came in, on the clock that never jumps.
   * @param tracestate of the event's trace.
   * @throws AppError `DISPATCH_NOT_TAKEN`, `OUTBOX_FULL`: neither; the puppet may still take it then.
   */
  async dispatch(
    event: KfEvent,
    destination: Destination,
    startedMs: number,
    tracestate: string | null = null,
  ): Promise<DispatchResult> {
    const arrival = this.seen.note(event.id);
    const answerByMs = startedMs + ANSWER_LIMIT_MS;
    const incoming = { event, destination, arrival, answerByMs, tracestate };
    this.overload.eventBegan();
    try {
      const tried = await this.#try(incoming);
      const { attempts } = tried;
      if (tried.taken) {
        this.keeper.taken(event, destination.getsEach);
        return { delivery: 'delivered', status: tried.status, attempts };
      }
      const outcome = await this.keeping.keep(incoming, tried);
      if ('status' in outcome) return { delivery: 'delivered', status: outcome.status, attempts };
      return { delivery: 'pending', stage: outcome.keptAt, attempts };
    } finally {
      this.overload.eventEnded();
    }
  }

  /** Ends within 1 s, and 0.5 s before `answerByMs` at the latest. */
  async #try(incoming: IncomingEvent): Promise<Tried> {
    const { destination, answerByMs } = incoming;
    const nowMs = this.clock.elapsedMs();
    const endMs = Math.max(nowMs, Math.min(nowMs + INLINE_BUDGET_MS, answerByMs - KEEP_RESERVE_MS));
    const isRegistering = destination.state === 'registering';
    const to = isRegistering ? await this.destinations.whenRegistered(destination, endMs) : destination;
    const first = await this.#tryAt(to, incoming, endMs, 0);
    if (first.taken || first.late !== null || FINAL_STAGES.has(first.stage)) return first;
    const moved = await this.#findMoved(to, endMs);
    return moved === null ? first : this.#tryAt(moved, incoming, endMs, first.attempts);
  }

  /** Where the puppet is now, if another replica knows it to be back or at another endpoint, or its bot's pause to be over. */
  async #findMoved(before: Destination, endMs: number): Promise<Destination | null> {
    const leftMs = endMs - this.clock.elapsedMs();
    if (leftMs <= 0) return null;
    const now = await this.destinations.reread(before, leftMs);
    if (this.clock.elapsedMs() >= endMs || !isThere(now)) return null;
    const isSame = before.endpoint?.href === now.endpoint?.href && before.isPaused === now.isPaused;
    return isThere(before) && isSame ? null : now;
  }

  async #tryAt(
    to: Destination,
    incoming: IncomingEvent,
    endMs: number,
    attemptsBefore: number,
  ): Promise<Tried> {
    const { event, destination, tracestate } = incoming;
    const botEndpoint = this.botEndpoints.to(to);
    if (to.state === 'registering') return notTried('registering', to, attemptsBefore);
    if (botEndpoint === null) return notTried('unregistered', to, attemptsBefore);
    if (to.state === 'paused' || to.state === 'offline' || to.state === 'elsewhere')
      return notTried(to.state, to, attemptsBefore);
    // If nothing can be kept, an attempt is the better chance.
    if (!this.keeper.isFailing && this.overload.keepsNext(botEndpoint.underWay))
      return notTried('overloaded', to, attemptsBefore);
    if (!botEndpoint.admits()) return notTried(to.isPulled ? 'pull_held' : 'circuit', to, attemptsBefore);
    const attempts = attemptsBefore + 1;
    // A puppet that has registered with other keys since could not open the raw form.
    const isReadable = to === destination || to.keysId === destination.keysId;
    const sent = event.raw === null || isReadable ? event : { ...event, raw: null };
    const attempt = botEndpoint.attempt(toParcel(sent, attempts, sent.lagMs, tracestate), 'inline');
    this.overload.attemptBegan();
    const result = await this.#untilBudget(attempt, endMs);
    if (result === 'late') return { ...notTried('late', to, attempts), late: attempt };
    if (result.taken) return { taken: true, status: result.status, attempts };
    const { stage, reason, status, retryAfterMs = 0 } = result;
    return { taken: false, stage, reason, status, retryAfterMs, attempts, destination: to, late: null };
  }

  #untilBudget(attempt: Attempt, endMs: number): Promise<AttemptResult | 'late'> {
    return new Promise((resolve) => {
      const budget = this.clock.after(endMs - this.clock.elapsedMs(), () => {
        if (!attempt.withdraw()) resolve('late');
      });
      void attempt.result.then((result) => {
        budget.cancel();
        this.overload.attemptEnded();
        resolve(result);
      });
    });
  }
}

function isThere({ bot, puppet }: Destination): boolean {
  return bot !== null || puppet?.online === true;
}

function notTried(stage: keyof typeof REASONS, destination: Destination, attempts: number): FailedTry {
  return { taken: false, stage, reason: REASONS[stage], retryAfterMs: 0, attempts, destination, late: null };
}
