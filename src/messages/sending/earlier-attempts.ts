import type { Message, MessageOrder } from '../message.js';
import type { UnderWay } from '../message-store.js';

/**
 * Which of the messages of a turn may have been sent already without their outcome being known: the process that sent them
 * died, or the store was away.
 */
export class EarlierAttempts {
  readonly #lanes = new Set<string>();

  /**
   * @param begun what was begun last, of a bot of which that is stored; else `null`
   * @param isAnyones whether an earlier turn ended without a word, and any message that goes first may be the one.
   */
  constructor(
    private readonly begun: UnderWay | null,
    private readonly isAnyones: boolean,
  ) {}

  /** To be asked once for each message that is sent. @returns the number of its latest attempt; 0 before the first. */
  latestOf({ msgid, lane, attempts }: Message, order: MessageOrder): number {
    if (this.begun?.msgid === msgid) return Math.max(attempts, this.begun.attempt);
    const first = order === 'customer' ? lane : '';
    if (!this.isAnyones || this.#lanes.has(first)) return attempts;
    this.#lanes.add(first);
    return attempts + 1;
  }
}
