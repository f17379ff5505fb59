/** What becomes of a message that its bot did not take. */
import { ORIGIN } from '../kernel/wecom-format.js';
import type { EntryChange } from '../storage/queue/queue-store.js';
import type { Failure } from './failure.js';
import { MESSAGE_LIFE_MS, type MessageHead } from './message.js';
import { FAST_STEPS, nextTry } from './retry-schedule.js';

/** The attempts that ended, and the refusals among them, as counted from now on. */
interface Counted {
  readonly attempts: number;
  readonly refusals: number;
}

/** It waits on, or again. */
export interface WaitingOutcome extends Counted {
  readonly state: 'waiting';
  readonly step: number;
  readonly dueAtMs: number;
  /** `null` leaves the last one. */
  readonly failure: Failure | null;
}

/** It is dead; or it is an event of WeCom that is passed over: then only its id is `known`. */
export interface LastOutcome extends Counted {
  readonly state: 'dead' | 'known';
  readonly failure: Failure;
}

export type MessageOutcome = WaitingOutcome | LastOutcome;

/** An attempt that ended, and the message was not taken. */
export interface FailedAttempt {
  /** Its number. Where an earlier outcome was lost, it is more than one above the stored number. */
  readonly attempt: number;
  readonly failure: Failure;
  /** Whether it counts against the message: the bot was there and refused it. */
  readonly isRefusal: boolean;
  readonly durationMs: number;
  /** How long to wait at least, if that is known. */
  readonly retryAfterMs?: number | undefined;
}

const SATURATED_MS = 1_000;
/** What is no message's fault, and nothing tells when it is over: no message is late for longer than `NOBODYS_MS_MAX` after that. */
const NOBODYS: ReadonlySet<Failure['stage']> = new Set(['reply', 'key', 'quota', 'busy']);
const NOBODYS_MS_MAX = 60_000;

/** A refused event is tried again after these times, and then passed over: it must not hold up what customers say. */
const EVENT_PAUSES_MS = [1_000, 3_000] as const;
/** It is not tried again so long after its first attempt: a program may take its time to refuse. */
const EVENT_MS = 10_000;

/**
 * A refusal counts against the message, which is dead after so many. Other failures do not count; they end the message only after
 * 3 days. An event of WeCom is passed over where a message would be dead, and sooner.
 * @param triesMax refusals.
 * @param random from 0 to 1.
 */
export function outcomeOf(
  message: MessageHead,
  failed: FailedAttempt,
  triesMax: number,
  random: number,
): MessageOutcome {
  const { attempt, failure, isRefusal, durationMs } = failed;
  const { stage, atMs } = failure;
  // Nobody has seen it, so it was no attempt.
  if (stage === 'saturated' || stage === 'withdrawn')
    return putOff(message, atMs + SATURATED_MS, attempt - 1, failure);
  const counted = { attempts: attempt, refusals: message.refusals + Number(isRefusal) };
  // A bot that is killed breaks its connection, and has refused nothing.
  if (isEvent(message) && isRefusal && stage !== 'reset') {
    const pauseMs = stage === 'too_long' ? null : eventPauseMs(message, atMs, durationMs);
    if (pauseMs === null) return { state: 'known', ...counted, failure };
    return { state: 'waiting', ...counted, step: message.step, dueAtMs: atMs + pauseMs, failure };
  }
  // The bot would refuse the message each time.
  if (stage === 'too_long' || counted.refusals >= triesMax)
    return { state: isEvent(message) ? 'known' : 'dead', ...counted, failure };
  return { state: 'waiting', ...counted, ...nextOf(message, failed, random), failure };
}

/**
 * The message was not sent, or the end of its attempt is not known. It is due at `dueAtMs`, and no refusal is counted.
 * @param failure `null` leaves the last one.
 */
export function putOff(
  { attempts: before, refusals, step }: MessageHead,
  dueAtMs: number,
  attempts: number,
  failure: Failure | null,
): WaitingOutcome {
  // A message that was sent has left step 0 of the schedule.
  const nextStep = attempts > before ? Math.max(1, step) : step;
  return { state: 'waiting', attempts, refusals, step: nextStep, dueAtMs, failure };
}

/** What an outcome changes of the record of its message, which waits; `null` where only its id is kept. */
export function toChange({ state, failure, ...counted }: MessageOutcome): EntryChange | null {
  if (state === 'known') return null;
  const last = failure !== null && { lastFailure: failure };
  return { ...counted, ...last, ...(state === 'dead' && { state, dueAtMs: null }) };
}

function isEvent({ origin }: Pick<MessageHead, 'origin'>): boolean {
  return origin === ORIGIN.event;
}

/**
 * How long an event waits that was refused once more; `null` where it is passed over.
 * @param durationMs of the attempt that ended now.
 */
function eventPauseMs(
  { refusals, lastFailure }: MessageHead,
  nowMs: number,
  durationMs: number,
): number | null {
  const isFirst = refusals === 0 || lastFailure === null || lastFailure.stage === 'reset';
  const pauseMs = EVENT_PAUSES_MS[isFirst ? 0 : refusals];
  if (pauseMs === undefined) return null;
  const firstEndedMs = isFirst ? nowMs : lastFailure.atMs;
  const sinceFirstMs = nowMs - firstEndedMs + durationMs;
  return sinceFirstMs + pauseMs > EVENT_MS ? null : pauseMs;
}

/** When it is tried again. */
function nextOf(
  { step, storedAtMs }: MessageHead,
  { failure: { stage, atMs }, retryAfterMs = 0 }: FailedAttempt,
  random: number,
): Pick<WaitingOutcome, 'step' | 'dueAtMs'> {
  const ageMs = step < FAST_STEPS ? 0 : atMs - storedAtMs;
  const next = nextTry(step, ageMs, random);
  const delayMs = Math.min(next?.delayMs ?? Infinity, NOBODYS.has(stage) ? NOBODYS_MS_MAX : Infinity);
  const dueAtMs = atMs + Math.max(delayMs, retryAfterMs);
  return { step: next?.step ?? step, dueAtMs: Math.min(dueAtMs, storedAtMs + MESSAGE_LIFE_MS) };
}
