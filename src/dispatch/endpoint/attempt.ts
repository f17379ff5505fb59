/** One attempt to give a parcel to a bot or puppet, and how it may end. */
import type { FailureStage } from '../../queue/failure.js';

export type AttemptResult =
  | {
      readonly taken: true;
      readonly status: number;
      /** The service of an agent was not asked for this answer, so it says nothing of the service. */
      readonly isUnasked?: true;
    }
  | {
      readonly taken: false;
      readonly stage: FailureStage;
      readonly reason: string;
      /** The status of the answer, at the stage `status`. */
      readonly status?: number;
      /** Node's or undici's code of what went wrong with the connection, if it has one. */
      readonly code?: string;
      /** The bot had pulled the message, or a service had begun to answer: it was there, and did not finish its work. */
      readonly hasPulled?: true;
      /** How long to wait at least, if that is known. */
      readonly retryAfterMs?: number;
      /**
       * The account alone may be the reason. With the stage `timeout`: the bot's client was connected all the time, and did not
       * acknowledge this.
       */
      readonly isOfAccount?: boolean;
      /** Besides `isOfAccount`: nothing else can be the reason. */
      readonly isOfAccountAlone?: true;
    };

/** What a reverse proxy answers when nobody is behind it (RFC 9110, 15.6): as good as no connection. */
const NOBODY_BEHIND = new Set([502, 503, 504]);

/**
 * Whether the result counts against the event or message itself: the bot was there, and refused it or did not finish
 * it in time. A refused key, a used-up quota and a busy service are no message's.
 */
export function isRefusal(result: AttemptResult): boolean {
  if (result.taken) return false;
  if (result.hasPulled === true || result.stage === 'too_long') return true;
  return result.stage === 'status' && !NOBODY_BEHIND.has(result.status ?? 0);
}

/** Nothing was asked of the bot, so the event is tried again after a while, and nothing counts against anybody. */
export const PUT_OFF: ReadonlySet<FailureStage> = new Set([
  'saturated',
  'withdrawn',
  'wecom_busy',
  'pull_later',
  'store',
]);

/** Whether the account alone may be the reason. */
export function mayBeOfAccount(result: AttemptResult): boolean {
  return !result.taken && (result.stage === 'status' || result.isOfAccount === true);
}

export interface Attempt {
  /** Never rejects. Settles within the limits of its carrier. */
  readonly result: Promise<AttemptResult>;
  /** Gives up if the puppet can have seen nothing yet. @returns false when it is too late for that. */
  withdraw(): boolean;
}

/** Called with the result, before anybody who awaits it continues. */
export type OnEnd = (result: AttemptResult) => void;

/** How long a puppet's answer may take, headers and body together. */
export const ATTEMPT_LIMIT_MS = 5_000;
/** How long a callback bot has for both halves of a message, the answer and the pull, from the beginning of the attempt. */
export const HALVES_MS = 60_000;

/** An attempt that failed before anything was sent. */
export function failedAttempt(stage: FailureStage, reason: string, onEnd: OnEnd): Attempt {
  const result: AttemptResult = { taken: false, stage, reason };
  onEnd(result);
  return { result: Promise.resolve(result), withdraw: () => true };
}
