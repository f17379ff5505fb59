import { hostOf, REPLICA } from '../../kernel/replica.js';
import { MINUTE_MS } from '../../log/figures.js';

/** What a replica writes about itself each minute. Plain JSON; store time. */
export interface ReplicaMark {
  readonly startedAtMs: number;
  /** When it wrote. */
  readonly atMs: number;
  /** It has stopped in order: this is the last that it writes. */
  readonly isStopped: boolean;
}

export interface AwayReplica {
  readonly replica: string;
  /** When it last wrote, store time. */
  readonly sinceMs: number;
}

/** Two writes are missing. */
const AWAY_MS = 2 * MINUTE_MS;
/** Then it is plainly gone: whoever removed it knows that. */
const GONE_MS = 15 * MINUTE_MS;
/** Between looks that are further apart, the store or this process was away, and the others may have been as well. */
const LOOKS_APART_MS_MAX = 1.5 * MINUTE_MS;

/** Which of the other replicas have ended without a goodbye. It also has the mark of this one, which may stand in for another. */
export class OtherReplicas {
  readonly #marks = new Map<string, ReplicaMark>();
  /** Since when it has looked each minute. */
  #lookingFromMs = 0;
  #lookedAtMs = 0;

  note(replica: string, mark: ReplicaMark): void {
    if (mark.atMs >= (this.#marks.get(replica)?.atMs ?? 0)) this.#marks.set(replica, mark);
  }

  /** All marks that were there at that time are noted. */
  lookedAt(nowMs: number): void {
    if (nowMs - this.#lookedAtMs > LOOKS_APART_MS_MAX) this.#lookingFromMs = nowMs;
    this.#lookedAtMs = nowMs;
  }

  /** Those that have not written for two minutes in which the store answered. */
  away(): readonly AwayReplica[] {
    return [...this.#marks].flatMap(([replica, { atMs }]) => {
      const isAway = this.#lookedAtMs - Math.max(atMs, this.#lookingFromMs) >= AWAY_MS;
      const isGone = this.#lookedAtMs - atMs >= GONE_MS;
      return replica !== REPLICA && isAway && !isGone && !this.isBack(replica, atMs)
        ? [{ replica, sinceMs: atMs }]
        : [];
    });
  }

  /** Whether a replica that was away since then has written again or said goodbye, or its host has started another process. */
  isBack(replica: string, sinceMs: number): boolean {
    const mark = this.#marks.get(replica);
    if (mark !== undefined && (mark.isStopped || mark.atMs > sinceMs)) return true;
    return [...this.#marks].some(
      ([other, { startedAtMs }]) => hostOf(other) === hostOf(replica) && startedAtMs > sinceMs,
    );
  }

  forgetBefore(ms: number): void {
    for (const [replica, { atMs }] of this.#marks) if (atMs < ms) this.#marks.delete(replica);
  }
}
