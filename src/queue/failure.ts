/** Why a bot or puppet did not take something, and why it was tried. */
import type { LastFailure } from '../storage/queue/line.js';

/** Why no bot took it. */
export interface Failure extends LastFailure {
  readonly stage: FailureStage | NotTriedStage;
}

const REASON_LENGTH_MAX = 1_024;

/** @param reason is cut to `REASON_LENGTH_MAX`. */
export function toFailure(
  atMs: number,
  stage: Failure['stage'],
  reason: string,
  status?: number | undefined,
): Failure {
  return {
    atMs,
    stage,
    reason: reason.slice(0, REASON_LENGTH_MAX),
    ...(status !== undefined && { status }),
  };
}

/** Where a delivery failed, in the order in which a delivery passes them. */
export const FAILURE_STAGES = [
  /** The registered endpoint cannot be used at all. */
  'endpoint',
  /** Too many deliveries of this origin are under way already. */
  'saturated',
  /** Given up before it had a socket; the puppet saw nothing. */
  'withdrawn',
  /** No connection; the puppet saw nothing. */
  'connect',
  /** The connection broke before a status came; the puppet may have seen it. */
  'reset',
  /** Nothing came in time; the puppet may have seen it. */
  'timeout',
  /** A status came that is not 2xx, redirects included. */
  'status',
  /** A callback bot answered well and has not pulled its message in time. */
  'unpulled',
  /** WeCom did not give the messages of the account, whose bot takes messages. */
  'pull',
  /** WeCom's limits allow no pull now. */
  'wecom_busy',
  /** The account's messages are pulled already, or so many wait that none are pulled now. */
  'pull_later',
  /** The manager's store did not answer, or its disk is nearly full, so no messages were pulled. */
  'store',
  /** The client of the bot does not read messages of this length: it is not tried again. */
  'too_long',
  /** The service of an agent refuses the key. */
  'key',
  /** The account of an agent at its service has nothing left. */
  'quota',
  /** The service of an agent takes no more questions now. */
  'busy',
  /** An agent has answered, and WeCom could not be asked to send that. */
  'reply',
] as const;
export type FailureStage = (typeof FAILURE_STAGES)[number];

/** Why something was not attempted, or its attempt did not end in time. */
export const NOT_TRIED_STAGES = [
  /** No puppet has registered for the account. */
  'unregistered',
  /** The puppet has deregistered. */
  'offline',
  /** Another replica has the connection of its bot, and claims it. */
  'elsewhere',
  /** An operator has paused its bot. */
  'paused',
  /** The circuit of its endpoint is open; only probes are sent. */
  'circuit',
  /** WeCom failed to give the messages of its bot again and again, and is asked now and then. */
  'pull_held',
  /** The puppet is registering, and must get nothing before it has its answer. */
  'registering',
  /** The attempt was still running when the answer was due; the puppet may still take the event. */
  'late',
  /** Too many attempts are under way already. */
  'overloaded',
  /** Its sync token has expired, and the corp has used up the pulls without a token of this minute: see `resyncsOf`. */
  'resync',
  /** No puppet took it for 3 days. */
  'expired',
  /** Of a message: it is longer than what is kept, so there is nothing to send. */
  'oversized',
] as const;
export type NotTriedStage = (typeof NOT_TRIED_STAGES)[number];

/** Not tried, since what came before it failed: less is known of it than of that. */
export function isHeldBack(stage: string | null | undefined): boolean {
  return stage === 'circuit' || stage === 'pull_held';
}

/** The answer of a bot that did not take an event. */
export interface BotRefusal {
  readonly status: number;
  readonly atMs: number;
}

/** The later one. */
export function laterAnswer(one: BotRefusal | null, other: BotRefusal | null): BotRefusal | null {
  if (one === null || other === null) return one ?? other;
  return other.atMs > one.atMs ? other : one;
}

/**
 * Why a waiting event or message is sent: it is due; it probes its endpoint; its puppet has just registered. The resync budget
 * does not apply to a registration.
 */
export const OCCASIONS = ['due', 'probe', 'registration'] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** Why an attempt is made: a callback came in; a waiting event is sent; a message is sent; an operator asked for a test. */
export const DELIVERY_OCCASIONS = ['inline', ...OCCASIONS, 'message', 'test'] as const;
export type DeliveryOccasion = (typeof DELIVERY_OCCASIONS)[number];

/** Long enough for an attempt of 5 s and for storing its outcome. After it, what a dead process has leased is free again. */
export const LEASE_MS = 15_000;
