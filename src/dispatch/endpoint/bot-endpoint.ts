import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import type { Destination, MessageDestination } from '../../registry/accounts/destination.js';
import type { Bot } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { DeliveryOccasion } from '../../queue/failure.js';
import {
  type CarrierCriteria,
  type Carrier,
  CARRIERS,
  type ShownAttempt,
  type VerificationResult,
} from './carrier.js';
import type { Parcel } from './parcel.js';
import { type Attempt, failedAttempt } from './attempt.js';
import { AttemptOutcomes } from './attempt-outcomes.js';
import { Circuits } from './circuits.js';
import { Deliveries } from './deliveries.js';
import { BackgroundWork } from '../../kernel/background-work.js';

const NO_CARRIER = 'this manager carries nothing to bots of this kind';

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
    const onEnd = this.botEndpoints.outcomes.began(this.to, parcel, occasion);
    if (this.carrier === null || this.to.endpoint === null)
      return failedAttempt('endpoint', this.to.fault || NO_CARRIER, onEnd);
    return this.carrier.start(parcel, this.to, onEnd);
  }

  /** Sends a test. The operator who waits for it is shown the beginning of the answer, if there is one. */
  attemptShown(parcel: Parcel): ShownAttempt {
    const onEnd = this.botEndpoints.outcomes.began(this.to, parcel, 'test');
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
}

/** All endpoints of bots, and by which carrier they are reached. */
@Injectable()
export class BotEndpoints {
  constructor(
    @Inject(CARRIERS) private readonly carriers: readonly Carrier[],
    readonly circuits: Circuits,
    readonly deliveries: Deliveries,
    readonly outcomes: AttemptOutcomes,
    readonly late: BackgroundWork,
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
  carries(bot: Pick<Bot, 'kind' | 'takes'>): boolean {
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
}
