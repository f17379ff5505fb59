import { AppError } from '../../kernel/app-error.js';
import type { Bot } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { Attempt, OnEnd } from './attempt.js';
import type { Parcel } from './parcel.js';

/** What a puppet answered, to be shown to an operator. */
export interface ShownAnswer {
  readonly status: number;
  /** The first 1 kB of its body. */
  readonly body: string;
}

/**
 * Why no status came. `refused`: nobody listens there; `unreachable`: no connection was made in time; `name`: the host has no
 * address; `tls`: no secure connection was agreed on; `reset`: a program is there and broke the connection; `timeout`: a
 * program is there and said nothing in time.
 */
export type NoAnswer = 'refused' | 'unreachable' | 'name' | 'tls' | 'reset' | 'timeout';

export interface VerificationResult {
  /** What is wrong, what the program said, and the remedy; `null` when the bot answered with the echo. */
  readonly fault: string | null;
  readonly status: number | null;
  /** `null` when a status came, and where the cause is another one. */
  readonly noAnswer: NoAnswer | null;
  readonly durationMs: number;
}

/** What a carrier is chosen by. */
export interface CarrierCriteria extends Pick<Destination, 'endpoint' | 'isPulled'> {
  readonly bot: Pick<Bot, 'kind'> | null;
}

/** An attempt of which an operator is shown the answer. */
export interface ShownAttempt extends Pick<Attempt, 'result'> {
  /** Resolves when the bot has ended its answer, or was given up. @returns `null` where there is none to show. */
  whenAnswered(): Promise<ShownAnswer | null>;
}

/**
 * Brings parcels to bots and puppets of some kinds. All carriers are listed in the composition root. `test/contracts/carrier.contract.ts`
 * has what each of them promises.
 */
export abstract class Carrier {
  /** Whether it brings what goes to this destination. Of several that do, the one that is listed first brings it. */
  abstract takes(to: CarrierCriteria): boolean;

  /**
   * Begins an attempt at a destination that it takes. Never throws: the result tells what went wrong.
   * @param onEnd is called with the result before anybody who awaits it continues.
   */
  abstract start(parcel: Parcel, to: Destination, onEnd: OnEnd): Attempt;

  /** As `start`, for an operator who waits for the answer. */
  startShown(parcel: Parcel, to: Destination, onEnd: OnEnd): ShownAttempt {
    const { result } = this.start(parcel, to, onEnd);
    return { result, whenAnswered: async () => null };
  }

  /** Attempts under way that share connections with those to this destination. */
  underWayTo(_to: Destination): number {
    return 0;
  }

  /** Whether so many attempts are under way to it that what waits has to wait on. */
  isCrowded(_to: Destination): boolean {
    return false;
  }

  /**
   * Tells the customer of a message that its answer takes long, once for a message, however often it is called. Never rejects.
   * @returns false where it is to be tried again; true where this carrier tells nobody.
   */
  async tellToWait(_parcel: Parcel, _to: Destination): Promise<boolean> {
    return true;
  }

  /**
   * Asks the bot what WeCom asks when a callback URL is saved. It changes nothing and counts for no circuit.
   * @throws AppError `BOT_UNVERIFIABLE` where the bot answers no such question; `REQUEST_INVALID` with the reason
   */
  async verify(_bot: KnownBot): Promise<VerificationResult> {
    throw new AppError('BOT_UNVERIFIABLE');
  }
}

/** All carriers of this manager: an array of `Carrier`. */
export const CARRIERS = Symbol('carriers');
