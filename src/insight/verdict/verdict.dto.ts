import { IsInt, IsISO8601, Min } from 'class-validator';

/** What keeps customers from being answered, or may; the worst first. */
export const CAUSES = [
  /** This replica takes no callbacks. */
  'not_ready',
  'store_down',
  /** Callbacks of the last minute that were neither delivered nor kept. */
  'not_taken',
  /** Corps whose calls, or requests for a token, WeCom does not answer, or does not allow. */
  'wecom_fails',
  /** Over a fifth of the calls of the last minute had no answer from WeCom. */
  'calls_unanswered',
  /** Accounts whose latest replies failed, through all replicas. */
  'replies_fail',
  'dead',
  'dead_messages',
  /** For over 10 s. */
  'waiting',
  /** For over 10 s. */
  'waiting_messages',
  /** No bot has registered for them. */
  'parked',
  /** Accounts that WeCom does not have, as it told any replica. */
  'no_account',
  /** Refused callbacks of the last minute. */
  'refused',
  /** Addresses that get nothing but probes. */
  'circuits',
  'unreadable',
  /** The store does not tell what waits. */
  'unknown',
] as const;

/** One cause. */
export class CauseAnswer {
  /** @example replies_fail */
  readonly code!: (typeof CAUSES)[number];

  /** @example bad */
  readonly severity!: 'bad' | 'wait';

  /**
   * How many corps, accounts, messages, callbacks or addresses it is about; 1 where nothing is counted.
   * @example 3
   */
  @IsInt()
  @Min(1)
  readonly count!: number;

  /**
   * Since when; ISO 8601, UTC. null where that is not known.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string | null;

  /**
   * WeCom's errcode, or "unreachable" or "status" (of HTTP). For waiting and dead hints, the stage at which most of them
   * failed. null for other causes.
   * @example "60020"
   */
  readonly why!: string | null;

  /**
   * The HTTP status that the bot answered last, if its events wait or are dead because of it; null for other causes.
   * @example null
   */
  @IsInt()
  readonly status!: number | null;

  /**
   * Where the events go: host and port, or only the host if several of its ports are meant. null for other causes, and for a
   * bot that opens a stream.
   * @example 10.0.0.7:8080
   */
  readonly address!: string | null;

  /**
   * The port in the address; if the URL names none, that of its scheme. null when the address has no port.
   * @example 8080
   */
  @IsInt()
  readonly port!: number | null;

  /**
   * The bot that takes the events, if an operator added it; null for puppets, and for other causes.
   * @example null
   */
  readonly botId!: string | null;

  /** The corp, if the cause is about one corp. */
  readonly corpId!: string | null;

  /** The account, if the cause is about one account. */
  readonly openKfId!: string | null;

  /**
   * The name of that account, if a puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;
}

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
}
