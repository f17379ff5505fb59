import { MESSAGE_LIFE_MS } from './message.js';

/** Seconds after a failure, while WeCom accepts the sync token of the event. */
const FAST_S = [1, 3, 10, 30, 60, 120, 180, 180];
/** Seconds after a failure, once the token has expired; sent with an empty token. */
const SLOW_S = [10 * 60, 30 * 60, 2 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600, 24 * 3_600];
const JITTER = 0.2;

/** Retries of the fast part: a hint with a higher step is in the slow one. */
export const FAST_STEPS = FAST_S.length;
/** How long WeCom accepts an event's sync token (developer.work.weixin.qq.com/document/path/94670). */
export const SYNC_TOKEN_LIFE_MS = 10 * 60_000;

export interface NextTry {
  readonly step: number;
  readonly delayMs: number;
}

/**
 * When to try again after a failure.
 * @param ageMs age of the hint's sync token.
 * @param random from 0 to 1.
 * @returns `null` when that would be too late for the puppet to pull the messages.
 */
export function nextTry(step: number, ageMs: number, random: number): NextTry | null {
  const fastMs = jittered(FAST_S[Math.min(step, FAST_STEPS - 1)] ?? 0, random);
  if (step <= FAST_STEPS && ageMs + fastMs < SYNC_TOKEN_LIFE_MS)
    return { step: Math.min(step + 1, FAST_STEPS), delayMs: fastMs };
  const slowStep = Math.max(step, FAST_STEPS);
  const slowMs = jittered(SLOW_S[Math.min(slowStep - FAST_STEPS, SLOW_S.length - 1)] ?? 0, random);
  return ageMs + slowMs < MESSAGE_LIFE_MS ? { step: slowStep + 1, delayMs: slowMs } : null;
}

function jittered(seconds: number, random: number): number {
  return Math.round(seconds * 1_000 * (1 + JITTER * (2 * random - 1)));
}
