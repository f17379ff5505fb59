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
  /** Calls of the last minute without an answer of WeCom: over a fifth. */
  'calls_unanswered',
  /** Accounts of which no reply goes out through any replica. */
  'replies_fail',
  'dead',
  'dead_messages',
  /** For over 10 s. */
  'waiting',
  /** For over 10 s. */
  'waiting_messages',
  /** No bot has registered for them. */
  'parked',
  /** Accounts that WeCom says it does not have, to whatever replica. */
  'no_account',
  /** Callbacks of the last minute. */
  'refused',
  /** Addresses that get nothing but probes. */
  'circuits',
  'unreadable',
  /** The store has not told what waits. */
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
   * WeCom's errcode, or "unreachable" or "status" (of HTTP); of what waits or is dead, the stage at which most of it failed. null
   * for other causes.
   * @example "60020"
   */
  readonly why!: string | null;

  /**
   * The HTTP status that the bot answered last, where that is why; null for other causes, and where it is not known.
   * @example null
   */
  @IsInt()
  readonly status!: number | null;

  /**
   * Where the events go: host and port, or a host whose several ports are meant; null for other causes, and of a bot that opens
   * a stream.
   * @example 10.0.0.7:8080
   */
  readonly address!: string | null;

  /**
   * The port in the address; of a URL that names none, its scheme's. null where the address has none.
   * @example 8080
   */
  @IsInt()
  readonly port!: number | null;

  /**
   * The bot whose events these are, where it is one that an operator added; null for puppets, and for other causes.
   * @example null
   */
  readonly botId!: string | null;

  /** The corp, where it is one. */
  readonly corpId!: string | null;

  /** The account, where it is one. */
  readonly openKfId!: string | null;

  /**
   * That account's name, where a puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;
}

/** Accounts whose bots took an event within the last hour, by what this replica has seen of their replies. */
export class RepliesAnswer {
  /**
   * A reply went out within the last hour.
   * @example 5
   */
  @IsInt()
  @Min(0)
  readonly answering!: number;

  /**
   * None within the last hour; an earlier one went out.
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

/** Whether customers are being answered, as far as this replica sees it; that replies fail, as all of them do. */
export class VerdictAnswer {
  /**
   * failing: a bad cause. degraded: another cause. answered: bots take the events, WeCom answers, and replies go out.
   * partly: so for some accounts; of others no reply passes through here. unseen: bots take the events, and no reply passed
   * through here within the hour. quiet: no bot took an event within the hour. empty: there is no bot yet.
   * @example answered
   */
  readonly state!: 'failing' | 'degraded' | 'answered' | 'partly' | 'unseen' | 'quiet' | 'empty';

  /** The worst first, one for all that have the same cause and address; at most 20. */
  readonly causes!: CauseAnswer[];

  /**
   * How many more there are.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly moreCauses!: number;

  readonly replies!: RepliesAnswer;
}
