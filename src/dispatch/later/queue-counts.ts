import type { AccountEntries, EntryCounts } from '../../storage/queue/entry.js';
import { type HintCounts, type HintGroup, toHintCounts } from '../../queue/event.js';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { ageMs, StoreClock } from '../../kernel/store-clock.js';
import { QueueStore } from '../../storage/queue/queue-store.js';

/** Callers report other things too, so they do not wait longer than this for the store. */
const LIMIT_MS = 1_000;
/** Every page of every operator asks, and a store scans all hints for it. */
const GROUPS_AGE_MS_MAX = 5_000;
/** A hint that waits no longer than this may just be on its way: a bot that works before it answers takes as long. */
export const ON_ITS_WAY_MS = 10_000;

/** Whether something that waits since then may just be on its way. */
export function isOnItsWay(sinceMs: number, nowMs: number): boolean {
  return ageMs(nowMs, sinceMs) <= ON_ITS_WAY_MS;
}

/**
 * Counts of the whole store; each is `null` where the store does not answer in time. Callers share one count at a time, since a
 * database scans an index for it. `ageMsMax` is the age of a count that is still good enough; 0 asks for a new one, or joins
 * one that is under way.
 */
@Injectable()
export class QueueCounts {
  readonly #hints: Recent<HintCounts | null>;
  readonly #hintGroups: Recent<readonly HintGroup[] | null>;
  readonly #messages: Recent<EntryCounts | null>;
  readonly #byAccount: Recent<readonly AccountEntries[] | null>;

  constructor(store: QueueStore, clock: Clock, storeClock: StoreClock) {
    const recent = <T>(what: string, ask: () => Promise<T>) =>
      new Recent(clock, () => answerInTime(LIMIT_MS, what, ask()));
    this.#hints = recent('count hints', async () => toHintCounts(await store.count('event')));
    this.#hintGroups = recent('group hints', async () => {
      const nowMs = storeClock.nowMs();
      const groups = await store.group('event', nowMs - ON_ITS_WAY_MS, nowMs + ON_ITS_WAY_MS);
      return groups as readonly HintGroup[];
    });
    this.#messages = recent('count messages', () => store.countEntries(null));
    this.#byAccount = recent('count messages', () => store.countEntriesByAccount());
  }

  hints(ageMsMax = 0): Promise<HintCounts | null> {
    return this.#hints.latest(ageMsMax);
  }

  /** Waiting and dead hints, grouped by what is wrong with them. */
  hintGroups(): Promise<readonly HintGroup[] | null> {
    return this.#hintGroups.latest(GROUPS_AGE_MS_MAX);
  }

  /** Of each account that has any. */
  messagesByAccount(ageMsMax = 0): Promise<readonly AccountEntries[] | null> {
    return this.#byAccount.latest(ageMsMax);
  }

  messages(ageMsMax = 0): Promise<EntryCounts | null> {
    return this.#messages.latest(ageMsMax);
  }
}
