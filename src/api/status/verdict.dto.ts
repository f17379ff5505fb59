import { IsInt, IsISO8601, Min } from 'class-validator';
import { AccountStatesAnswer } from '../accounts/account.dto.js';
import { CauseAnswer } from '../answers/cause.dto.js';

/** Accounts whose bots took an event within the last hour, by the replies that this replica has seen. */
export class RepliesAnswer {
  /**
   * A reply went out within the last hour.
   * @example 5
   */
  @IsInt()
  @Min(0)
  readonly answering!: number;

  /**
   * No reply went out within the last hour, but an earlier one did.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly silent!: number;

  /**
   * No reply was ever seen: whether customers are answered is not known.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly unseen!: number;

  /**
   * When the last reply went out; ISO 8601, UTC. null: none since the start.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastAt!: string | null;
}

/** Whether customers are being answered, as this replica sees it. Failing replies are those of all replicas. */
export class VerdictAnswer {
  /**
   * failing: a bad cause. degraded: another cause. answered: bots take the events, WeCom answers, and replies go out.
   * partly: the same for some accounts; no replies of the others pass through here. unseen: bots take the events, but no reply
   * passed through here within the hour. quiet: no bot took an event within the hour. empty: there is no bot yet.
   * @example answered
   */
  readonly state!: 'failing' | 'degraded' | 'answered' | 'partly' | 'unseen' | 'quiet' | 'empty';

  /** The worst first, at most 20. Troubles with the same cause and address are one item. */
  readonly causes!: CauseAnswer[];

  /**
   * How many more causes there are.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly moreCauses!: number;

  readonly replies!: RepliesAnswer;

  /** All accounts by their state. */
  readonly accounts!: AccountStatesAnswer;
}
