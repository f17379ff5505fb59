import { IsInt, IsISO8601, Min } from 'class-validator';
import { EventCounts } from '../answers/event-counts.dto.js';
import { AccountSessionsAnswer } from '../accounts/account.dto.js';
import { VerdictAnswer } from './verdict.dto.js';

/** The store. */
export class StorageAnswer {
  /** @example mongodb */
  readonly kind!: 'mongodb' | 'embedded';

  readonly up!: boolean;
}

/** Current counts. null: the store does not answer. */
export class CountsAnswer {
  /** @example 12 */
  @IsInt()
  @Min(0)
  readonly accounts!: number;

  /** @example 11 */
  @IsInt()
  @Min(0)
  readonly online!: number;

  /** @example 1 */
  @IsInt()
  @Min(0)
  readonly waiting!: number | null;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly parked!: number | null;

  /**
   * Accounts whose events wait because their bot is paused.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly paused!: number | null;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly dead!: number | null;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly unreadable!: number | null;

  /**
   * Messages that wait for their bots.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly waitingMessages!: number | null;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly deadMessages!: number | null;

  /**
   * Open circuits of this replica.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly openCircuits!: number;
}

/** An account that an event or a call named. */
export class NamedAccountAnswer {
  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /** @example wkAAA */
  readonly openKfId!: string;
}

/** Accounts that events or calls named within 24 h, although WeCom does not have them, no puppet registered them and no bot names them. */
export class UnknownAccountsAnswer {
  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly count!: number;

  /** Some of them, at most 5. */
  readonly examples!: NamedAccountAnswer[];
}

/** What this replica did within the last 60 s. */
export class LastMinuteAnswer extends EventCounts {
  /** @example 720 */
  @IsInt()
  @Min(0)
  readonly callbacks!: number;

  /** @example 2 */
  @IsInt()
  @Min(0)
  readonly tokenRequests!: number;

  /** @example 900 */
  @IsInt()
  @Min(0)
  readonly proxyCalls!: number;

  /**
   * Calls that got no answer from WeCom.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly unansweredCalls!: number;
}

/** The state of one process. */
export class StatusAnswer {
  /** @example 2.1.0 */
  readonly version!: string;

  /** @example 24.22.1 */
  readonly node!: string;

  /**
   * The process that answers.
   * @example host-3b1f2c
   */
  readonly replica!: string;

  /**
   * When this process started; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly startedAt!: string;

  /** @example 86400 */
  @Min(0)
  readonly uptimeS!: number;

  readonly ready!: boolean;

  readonly storage!: StorageAnswer;

  /** Counts of the whole store, but openCircuits are those of this replica. null: the store does not answer. */
  readonly counts!: CountsAnswer;

  /** As this replica has seen. They are in no other count, and in no list of accounts. */
  readonly unknownAccounts!: UnknownAccountsAnswer;

  /**
   * The longest wait of an account; newer events do not shorten it. 0 when none waits.
   * @example 42.1
   */
  @Min(0)
  readonly oldestWaitingAgeS!: number | null;

  /**
   * The same for parked accounts.
   * @example 0
   */
  @Min(0)
  readonly oldestParkedAgeS!: number | null;

  /**
   * The longest wait of a message; 0 when none waits.
   * @example 0
   */
  @Min(0)
  readonly oldestMessageAgeS!: number | null;

  /** Customers of all accounts. null: no bot has a `session`, or the store does not answer. */
  readonly sessions!: AccountSessionsAnswer | null;

  /** What this replica did within the last 60 s. */
  readonly lastMinute!: LastMinuteAnswer;

  /** Whether customers are being answered. */
  readonly verdict!: VerdictAnswer;
}
