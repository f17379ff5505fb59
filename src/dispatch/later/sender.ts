import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { failpoint } from '../../kernel/failpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type Destination, Destinations } from '../../registry/accounts/destination.js';
import { toReleased, toWaiting } from '../../queue/event.js';
import { type KfEvent, toResync } from '../../queue/kf-event.js';
import { type Attempt, type AttemptResult, PUT_OFF } from '../endpoint/attempt.js';
import { type BotEndpoint, BotEndpoints } from '../endpoint/bot-endpoint.js';
import { toParcel } from '../endpoint/parcel.js';
import type { ClaimedHint, EventQueue } from '../../queue/event-queue.js';
import { HintLog } from './hint-log.js';
import { type HintClaim, HintOutcomes } from './outcomes.js';
import { ResyncBudget, RESYNCS_OF_PROBES } from './resync-budget.js';
import { type NextTry, nextTry, SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { type Failure, LEASE_MS, type Occasion, toFailure } from '../../queue/failure.js';
import { MESSAGE_LIFE_MS } from '../../queue/message.js';

const RENEW_AFTER_MS = 5_000;
/** How long to wait for a registration that is under way. */
const REGISTERING_MS = 5_000;
/** How long to wait for the key that opens a bot's secrets. */
const CLOSED_MS = 60_000;
/** How long to wait for a free socket of the endpoint. */
const SATURATED_MS = 1_000;
/** An account that is held back gets probes from its circuit, which use up no retries. */
const HELD_BACK_MS = 20_000;
const REREAD_LIMIT_MS = 600;

type NotTaken = Extract<AttemptResult, { taken: false }>;

/** A hint that is sent now. */
interface Sending extends HintClaim {
  readonly to: Destination;
  readonly botEndpoint: BotEndpoint;
  readonly endpoint: string;
  /** Whether the puppet is told to pull without the sync token, which has expired. */
  readonly isResync: boolean;
  /** Store time at which a resync was granted; `null` when this is no resync, or needs no grant. */
  readonly grantedAtMs: number | null;
}

/** Sends one claimed hint and stores the outcome. */
@Injectable()
export class HintSender {
  readonly #underWay = new Set<Attempt>();

  constructor(
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly resyncs: ResyncBudget,
    private readonly outcomes: HintOutcomes,
    private readonly log: HintLog,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /** Gives up attempts that have no socket yet; the others may end. */
  withdrawAll(): void {
    for (const attempt of this.#underWay) attempt.withdraw();
  }

  /**
   * Resolves when its outcome is stored. At a registration the request is begun before this returns.
   * @throws AppError `STORE_UNAVAILABLE`; the hint is delivered again once its lease has lapsed.
   */
  async send(queue: EventQueue, hint: ClaimedHint, occasion: Occasion): Promise<void> {
    this.outcomes.claimed(hint);
    const claimed = { queue, hint, occasion };
    const nowMs = this.storeClock.nowMs();
    const ageMs = nowMs - hint.arrivedAtMs;
    const known = this.destinations.find(hint);
    if (known.state === 'paused') return this.#keepPaused(claimed, nowMs);
    // A hint that was never tried, as after a replay, is tried once, however old it is.
    if (ageMs >= MESSAGE_LIFE_MS && hint.attempts > 0)
      return this.#bury(claimed, 'expired', 'no bot took it within 3 days');
    // A puppet that registered with another process a moment ago is not in memory yet.
    const found = known.isUnknown ? await this.destinations.reread(hint, REREAD_LIMIT_MS) : known;
    if (found.state === 'unserved') return this.#dropUnserved(claimed, nowMs);
    if (!found.hasRecipient) return this.outcomes.park(claimed);
    if (found.state === 'elsewhere') return this.#leaveTo(claimed, found);
    if (found.isClosed) return this.outcomes.putOff(claimed, nowMs + CLOSED_MS);
    if (hint.events > 1 && !found.getsEach) return this.outcomes.keepNewest(claimed, nowMs);
    if (found.endpoint === null) return this.#bury(claimed, 'endpoint', found.fault);
    const botEndpoint = occasion === 'due' ? this.botEndpoints.to(found) : null;
    if (botEndpoint?.isCrowded) return this.outcomes.putOff(claimed, nowMs + SATURATED_MS);
    if (botEndpoint?.isHeldBack) return this.outcomes.putOff(claimed, nowMs + HELD_BACK_MS);
    const isResync = ageMs + hint.event.lagMs >= SYNC_TOKEN_LIFE_MS;
    return this.#sendTo(found, claimed, isResync, nowMs);
  }

  /** Another replica may have ended the pause and woken what waits, so the store is asked. */
  async #keepPaused(claimed: HintClaim, nowMs: number): Promise<void> {
    const { queue, hint } = claimed;
    const to = await this.destinations.reread(hint, REREAD_LIMIT_MS);
    if (to.state !== 'paused') return this.outcomes.putOff(claimed, nowMs);
    await this.outcomes.pause(claimed, to.endpoint?.href ?? hint.endpoint);
    const { state, endpoint } = to.refresh();
    // The pause ended meanwhile, and whoever woke what waits did not find this.
    if (state !== 'paused' && endpoint !== null)
      await queue.change(hint, (now) => toWaiting(now, endpoint.href, nowMs));
  }

  /** Another replica has the connection of the bot's client: it claims the hint there. */
  async #leaveTo({ queue, hint }: HintClaim, { endpoint }: Destination): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const href = endpoint?.href ?? hint.endpoint;
    const { isShared } = queue.lines;
    const dueAtMs = isShared ? nowMs : nowMs + SATURATED_MS;
    await queue.changeHeld(hint, nowMs, (now) => toReleased(now, dueAtMs));
    if (isShared && href !== null) await queue.change(hint, (now) => toWaiting(now, href, nowMs));
  }

  /** A dropped event is lost, so the store is asked and not memory alone. */
  async #dropUnserved(claimed: HintClaim, nowMs: number): Promise<void> {
    const { state } = await this.destinations.confirm(claimed.hint);
    if (state === 'unserved') return this.outcomes.unserved(claimed);
    return this.outcomes.putOff(claimed, nowMs);
  }

  /** @param nowMs store time at which its sending began. */
  async #sendTo(found: Destination, claimed: HintClaim, isResync: boolean, nowMs: number): Promise<void> {
    const { hint, occasion } = claimed;
    const needsGrant = isResync && occasion !== 'registration';
    if (needsGrant) {
      const max = occasion === 'probe' ? RESYNCS_OF_PROBES : undefined;
      const retryAtMs = await this.resyncs.take(hint.corpId, nowMs, max);
      if (retryAtMs !== null) return this.outcomes.waitForResync(claimed, retryAtMs);
    }
    const grantedAtMs = needsGrant ? nowMs : null;
    // No `await` from here to the request: a registration may begin at any time.
    const to = found.refresh();
    const botEndpoint = this.botEndpoints.to(to);
    const isRegistering = to.state === 'registering' && occasion !== 'registration';
    if (botEndpoint === null || to.endpoint === null || isRegistering) {
      await this.#giveBack(hint, grantedAtMs);
      return this.outcomes.putOff(claimed, nowMs + REGISTERING_MS);
    }
    const sending = { ...claimed, to, botEndpoint, endpoint: to.endpoint.href, isResync, grantedAtMs };
    const result = await this.#attempt(sending);
    if (result.taken) await this.outcomes.taken(sending, isResync);
    else await this.#notTaken(sending, result);
  }

  /**
   * Gives back the grant of a resync that the puppet did not see. If that cannot be stored, the corp has
   * one less for a minute.
   */
  async #giveBack({ corpId }: ClaimedHint, grantedAtMs: number | null): Promise<void> {
    if (grantedAtMs === null) return;
    await this.resyncs.giveBack(corpId, grantedAtMs).catch(() => {});
  }

  async #attempt({ queue, hint, occasion, to, botEndpoint, isResync }: Sending): Promise<AttemptResult> {
    failpoint('outbox.claimed');
    const event = isResync ? toResyncFor(to, hint) : readableFor(to, hint);
    const startedMs = this.clock.elapsedMs();
    const ageMs = Math.max(0, this.storeClock.nowMs() - hint.arrivedAtMs) + hint.event.lagMs;
    const attempt = botEndpoint.attempt(toParcel(event, hint.attempts + 1, ageMs), occasion);
    this.#underWay.add(attempt);
    const renewal = this.clock.after(RENEW_AFTER_MS, () => {
      queue.lines.renew(hint, this.storeClock.nowMs(), LEASE_MS).catch(() => {});
    });
    const result = await attempt.result;
    renewal.cancel();
    this.#underWay.delete(attempt);
    this.log.attempted(
      hint,
      to.bot?.id,
      event,
      occasion,
      Math.round(this.clock.elapsedMs() - startedMs),
      result,
    );
    return result;
  }

  async #notTaken(sending: Sending, { stage, reason, status, retryAfterMs }: NotTaken): Promise<void> {
    const { queue, hint, endpoint, grantedAtMs } = sending;
    if (hasSeenNothing(stage)) await this.#giveBack(hint, grantedAtMs);
    if (PUT_OFF.has(stage))
      return this.outcomes.putOff(sending, this.storeClock.nowMs() + (retryAfterMs ?? SATURATED_MS));
    const now = await this.destinations.reread(hint, REREAD_LIMIT_MS);
    const nowMs = this.storeClock.nowMs();
    if (now.hasRecipient && now.endpoint?.href !== endpoint) {
      // The account's events go to another endpoint now, whose circuit counts.
      const href = now.endpoint?.href ?? null;
      await queue.changeHeld(hint, nowMs, (one) => toReleased(one, nowMs));
      if (href !== null) await queue.change(hint, (one) => toWaiting(one, href, nowMs));
      return;
    }
    const failure = toFailure(nowMs, stage, reason, status);
    await this.outcomes.notTaken(sending, endpoint, failure, nextTryOf(sending, nowMs, retryAfterMs));
  }

  #bury({ queue, hint }: HintClaim, stage: Failure['stage'], reason: string): Promise<void> {
    return this.outcomes.bury(queue, hint, toFailure(this.storeClock.nowMs(), stage, reason));
  }
}

/** The callback as it came; or as JSON, if the puppet has registered with other keys since and cannot open it. */
function readableFor({ keysId }: Destination, hint: ClaimedHint): KfEvent {
  const { event } = hint;
  return event.raw === null || hint.keysId === keysId ? event : { ...event, raw: null };
}

/**
 * A bot that calls WeCom without the manager gets the newest token that waits, even an expired one. A token that the
 * manager makes would reach WeCom, which blocks the corp's pulls after ten such tokens in a minute.
 */
function toResyncFor({ bot }: Destination, { event, later }: ClaimedHint): KfEvent {
  const resync = toResync(event);
  const { syncToken } = later.at(-1)?.event ?? event;
  return bot === null || bot.api === 'manager' ? resync : { ...resync, syncToken };
}

/** A probe is outside the schedule and uses up none of its retries. */
function nextTryOf({ hint, occasion }: HintClaim, nowMs: number, retryAfterMs = 0): NextTry | null {
  if (occasion === 'probe')
    return { step: hint.step, delayMs: Math.max(retryAfterMs, (hint.dueAtMs ?? nowMs) - nowMs) };
  const next = nextTry(hint.step, nowMs - hint.arrivedAtMs + hint.event.lagMs, Math.random());
  return next === null ? null : { ...next, delayMs: Math.max(retryAfterMs, next.delayMs) };
}

const SEEN_NOTHING: ReadonlySet<Failure['stage']> = new Set([
  ...PUT_OFF,
  'endpoint',
  'connect',
  'registering',
  'paused',
]);

/** Whether the puppet cannot have seen a request that failed at this stage. */
export function hasSeenNothing(stage: Failure['stage']): boolean {
  return SEEN_NOTHING.has(stage);
}
