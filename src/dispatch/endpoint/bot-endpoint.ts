import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import type { Destination, MessageDestination } from '../../registry/accounts/destination.js';
import { Presence } from '../../registry/accounts/presence.js';
import type { BotSettings } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { DeliveryOccasion, FailureStage } from '../../queue/failure.js';
import {
  type CarrierCriteria,
  type Carrier,
  CARRIERS,
  type ShownAttempt,
  type VerificationResult,
} from './carrier.js';
import { hasPulledOf, type Parcel } from './parcel.js';
import {
  type Attempt,
  type AttemptResult,
  failedAttempt,
  isRefusal,
  mayBeOfAccount,
  type OnEnd,
  PUT_OFF,
} from './attempt.js';
import { Circuits } from './circuits.js';
import { Deliveries } from './deliveries.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { TriedEvents } from './tried-events.js';

/** An attempt that never had a socket says nothing about the endpoint, nor does WeCom that took no reply. */
const INCONCLUSIVE: ReadonlySet<FailureStage> = new Set([...PUT_OFF, 'busy', 'reply']);

const NO_CARRIER = 'this manager carries nothing to bots of this kind';

/** Learns that endpoints have recovered. */
export abstract class Recoveries {
  /** The endpoint was in trouble and took something: everything that waits for it is sent. Never rejects. */
  abstract recovered(endpoint: string): Promise<void>;
}

/** Where an account's events or messages go, with circuit and bookkeeping. Its callers decide whether to send anything. */
export class BotEndpoint {
  readonly #href: string | null;

  /** @param carrier `null` where nothing can be carried there. */
  constructor(
    private readonly to: Destination,
    private readonly carrier: Carrier | null,
    private readonly botEndpoints: BotEndpoints,
  ) {
    this.#href = to.endpoint?.href ?? null;
  }

  /** Whether the account gets nothing but probes. */
  get isOpen(): boolean {
    return this.isHeldBack || (this.#href !== null && this.botEndpoints.circuits.isOpen(this.#href));
  }

  /** Whether the account alone gets nothing but probes: its endpoint takes what is for other accounts. */
  get isHeldBack(): boolean {
    return this.#href !== null && this.botEndpoints.circuits.holdsBack(this.#href, this.to);
  }

  /** Whether an event may be tried now. */
  admits(): boolean {
    return this.#href === null || this.botEndpoints.circuits.admit(this.#href, this.to);
  }

  /** See `Carrier.underWayTo`. */
  get underWay(): number {
    return this.carrier?.underWayTo(this.to) ?? 0;
  }

  /** See `Carrier.isCrowded`. */
  get isCrowded(): boolean {
    return this.carrier?.isCrowded(this.to) ?? false;
  }

  /**
   * Makes an attempt. Never throws: the result tells what went wrong. Metrics, record and circuit are updated before others see
   * it.
   */
  attempt(parcel: Parcel, occasion: DeliveryOccasion): Attempt {
    const onEnd = this.#book(parcel, occasion);
    if (this.carrier === null || this.to.endpoint === null)
      return failedAttempt('endpoint', this.to.fault || NO_CARRIER, onEnd);
    return this.carrier.start(parcel, this.to, onEnd);
  }

  /** Sends a test. The operator who waits for it is shown the beginning of the answer, if there is one. */
  attemptShown(parcel: Parcel): ShownAttempt {
    const onEnd = this.#book(parcel, 'test');
    if (this.carrier === null || this.to.endpoint === null) {
      const { result } = failedAttempt('endpoint', this.to.fault || NO_CARRIER, onEnd);
      return { result, whenAnswered: async () => null };
    }
    const attempt = this.carrier.startShown(parcel, this.to, onEnd);
    // A stop waits for the exchange, whose connection closes only when it is over.
    void this.botEndpoints.late.add(attempt.result.then(() => attempt.whenAnswered()));
    return attempt;
  }

  /** See `Carrier.tellToWait`. */
  async tellToWait(parcel: Parcel): Promise<boolean> {
    return this.carrier === null || this.carrier.tellToWait(parcel, this.to);
  }

  #book(parcel: Parcel, occasion: DeliveryOccasion): OnEnd {
    this.botEndpoints.deliveries.began(this.to, occasion);
    const startedMs = this.botEndpoints.clock.elapsedMs();
    return (result) => this.botEndpoints.ended(this.to, parcel, occasion, startedMs, result);
  }
}

/** All endpoints of bots, with what deliveries leave behind: record, metrics, circuits, and which puppets are back. */
@Injectable()
export class BotEndpoints {
  constructor(
    @Inject(CARRIERS) private readonly carriers: readonly Carrier[],
    readonly circuits: Circuits,
    readonly deliveries: Deliveries,
    private readonly recoveries: Recoveries,
    private readonly tried: TriedEvents,
    private readonly presence: Presence,
    readonly late: BackgroundWork,
    readonly clock: Clock,
  ) {}

  /** @returns `null` when nobody takes what goes there; for messages somebody does. */
  to(destination: MessageDestination): BotEndpoint;
  to(destination: Destination): BotEndpoint | null;
  to(destination: Destination): BotEndpoint | null {
    return destination.hasRecipient
      ? new BotEndpoint(destination, this.#carrierFor(destination), this)
      : null;
  }

  /** Whether a bot of this kind can be reached. If it takes messages, something has to pull them as well. */
  carries(bot: BotSettings): boolean {
    if (bot.kind === 'none') return true;
    const isReached = (isPulled: boolean) => this.#carrierFor({ bot, endpoint: null, isPulled }) !== null;
    return isReached(false) && (bot.takes !== 'message' || isReached(true));
  }

  /** See `Carrier.verify`. */
  async verify(bot: KnownBot): Promise<VerificationResult> {
    const carrier = this.#carrierFor({ bot, endpoint: null, isPulled: false });
    if (carrier === null) throw new AppError('BOT_UNVERIFIABLE');
    return carrier.verify(bot);
  }

  #carrierFor(to: CarrierCriteria): Carrier | null {
    return this.carriers.find((one) => one.takes(to)) ?? null;
  }

  ended(
    to: Destination,
    parcel: Parcel,
    occasion: DeliveryOccasion,
    startedMs: number,
    result: AttemptResult,
  ): void {
    const durationMs = this.clock.elapsedMs() - startedMs;
    const isHalf = hasPulledOf(parcel) !== null;
    if (!(isHalf && result.taken)) {
      const delivery = this.deliveries.ended(to, parcel, occasion, result, durationMs);
      if (parcel.body.kind === 'event') this.tried.ended(delivery);
    }
    if (to.endpoint !== null) this.#count(to, to.endpoint.href, occasion, startedMs, result);
    const { puppet } = to;
    if (result.taken && puppet !== null && !puppet.online)
      void this.late.add(this.presence.markOnline(puppet));
  }

  #count(
    to: Destination,
    endpoint: string,
    occasion: DeliveryOccasion,
    startedMs: number,
    result: AttemptResult,
  ): void {
    if (result.taken && result.isUnasked === true) return this.circuits.inconclusive(endpoint);
    if (result.taken || (occasion === 'message' && isRefusal(result))) {
      if (this.circuits.succeeded(endpoint, to)) void this.recoveries.recovered(endpoint);
      return;
    }
    // A failed test must not hold back events.
    if (occasion === 'test') return;
    const isInconclusive = INCONCLUSIVE.has(result.stage);
    // A status of a message that is no refusal means that nobody is behind the endpoint: see `isRefusal`.
    const isOfAccount = occasion === 'message' ? result.isOfAccount === true : mayBeOfAccount(result);
    if (isInconclusive) this.circuits.inconclusive(endpoint);
    else if (isOfAccount) this.circuits.refused(endpoint, to, startedMs);
    else this.circuits.failed(endpoint, startedMs);
  }
}
