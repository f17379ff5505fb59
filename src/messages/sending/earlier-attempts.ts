import type { Message, MessageOrder } from '../../storage/queue/message.js';
import { isAwaited, type UnderWay } from '../queue/message-line.js';

/**
 * Which of the messages of a turn may have been sent already without their outcome being known: the process that sent them
 * died, or the store was away. Messages are sent one after the other, the first due one first. So the one that was sent has
 * failed before, or it comes before all others that were never tried.
 */
export class EarlierAttempts {
  #isInDoubt: boolean;

  /**
   * @param begun what was begun last; `null` where that is not known.
   * @param isInDoubt see `Turn`
   */
  constructor(
    private readonly begun: UnderWay | null,
    isInDoubt: boolean,
  ) {
    this.#isInDoubt = isInDoubt;
  }

  /** Whether a message that this turn has not sent may be the one. */
  get isInDoubt(): boolean {
    return this.#isInDoubt;
  }

  /** To be asked once for each message that is sent. @returns the number of its latest attempt; 0 before the first. */
  latestOf({ msgid, attempts, lastFailure }: Message, order: MessageOrder): number {
    const mayBeTheOne = this.#isInDoubt;
    const isUntried = attempts === 0 && lastFailure === null;
    if (order === 'account' || isUntried) this.#isInDoubt = false;
    if (this.begun?.msgid === msgid) return Math.max(attempts, this.begun.attempt);
    return mayBeTheOne ? attempts + 1 : attempts;
  }

  /** What was never tried is due at once. So none of it waits, unless all are held up by one that is to be pulled. */
  noneIsDue(nowMs: number): void {
    if (this.begun === null || !isAwaited(this.begun, nowMs)) this.#isInDoubt = false;
  }
}
