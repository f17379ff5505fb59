import type { NoAnswer } from '../../dispatch/line/bot-verification.js';
import { IsISO8601 } from 'class-validator';
import type { BotApi, BotTakes, MessageOrder } from '../../registry/bots/bot.js';
import type { BotKind } from '../../registry/bots/bot-kinds.js';
import type { Included } from '../../registry/bots/taking.js';
import type { FailureAnswer } from './failure.dto.js';
import type { LastHourAnswer } from './last-hour.dto.js';
import { Page } from './page.dto.js';

/** Where a callback bot takes callbacks, without its secrets. */
export class BotCallbackAnswer {
  /**
   * Its query, which may hold a secret, is shown as `***`.
   * @example http://127.0.0.1:5300/bots/7f0c/callback
   */
  readonly url!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly receiveId!: string;

  /**
   * Names of the headers that each callback gets besides its own.
   * @example ["X-KB-ID"]
   */
  readonly headers!: string[];

  /** @example 5000 */
  readonly timeoutMs!: number;
}

/** A bot, without its secrets. */
export class BotAnswer {
  /** @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c */
  readonly id!: string;

  /** @example "Support bot" */
  readonly name!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /**
   * The accounts that it takes; `["*"]`: all of the corp that no other bot and no registration has.
   * @example ["wkAAA"]
   */
  readonly openKfIds!: string[];

  /** @example callback */
  readonly kind!: BotKind;

  /** @example event */
  readonly takes!: BotTakes;

  /** What a message that was not taken holds up; null for a bot that takes events. */
  readonly order!: MessageOrder | null;

  /**
   * What it is given besides customers' messages and events.
   * @example []
   */
  readonly include!: Included[];

  /** It is given messages that were sent since then; ISO 8601, UTC. null for a bot that takes events. */
  @IsISO8601()
  readonly since!: string | null;

  /** @example manager */
  readonly api!: BotApi;

  /** null for a bot of kind puppet or none; its url is empty for a bot of kind stream. */
  readonly callback!: BotCallbackAnswer | null;

  /** Whether a corpSecret is stored for it. */
  readonly hasCorpSecret!: boolean;

  /**
   * Its clients that have a stream open, at any replica.
   * @example 1
   */
  readonly clients!: number;

  /** Why nothing can be sent to it, and the remedy; null when it can. */
  readonly fault!: string | null;

  /**
   * open: its endpoint gets nothing but probes, or has taken nothing since it refused an account again and again.
   * @example closed
   */
  readonly circuit!: 'open' | 'closed';

  /**
   * When it was added; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  readonly createdAt!: string;

  /** When it last took an event; ISO 8601, UTC. null: not within 3 days. */
  readonly lastTakenAt!: string | null;

  /** The last failure that any replica saw. */
  readonly lastFailure!: FailureAnswer | null;

  readonly lastHour!: LastHourAnswer;
}

export class BotPageAnswer extends Page {
  readonly items!: BotAnswer[];
}

/** A bot with a new key, which no other answer shows. */
export class BotWithKeyAnswer extends BotAnswer {
  /**
   * The bot's key.
   * @example wxkf_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ
   */
  readonly key!: string;
}

/** A new bot with its secrets. Only this answer shows them. */
export class BotCreatedAnswer extends BotWithKeyAnswer {
  /** Its callback token; null for a bot of kind puppet. */
  readonly token!: string | null;

  /** Its EncodingAESKey; null for a bot of kind puppet. */
  readonly encodingAESKey!: string | null;

  /**
   * Signs the messages that a bot of kind puppet is sent, as Standard Webhooks does.
   * @example whsec_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ==
   */
  readonly signingSecret!: string;
}

/** A bot as it is after a change. */
export class BotChangedAnswer extends BotAnswer {
  /** Shown once, to a bot that had none and takes messages from now on; null otherwise. */
  readonly signingSecret!: string | null;
}

/** The result of a verification. */
export class BotVerifiedAnswer {
  /**
   * Whether the bot answered with the echo, as WeCom asks when a URL is saved.
   * @example true
   */
  readonly verified!: boolean;

  /** The status that came; null when none came. */
  readonly status!: number | null;

  /**
   * Why no status came: nobody listens there; no connection in time; the host has no address; no secure connection; the program
   * broke the connection; the program said nothing in time. null when a status came, and for another cause.
   */
  readonly noAnswer!: NoAnswer | null;

  /** @example 4.2 */
  readonly durationMs!: number;

  /** What is wrong, the beginning of what the program said, and the remedy; null when it is verified. */
  readonly fault!: string | null;
}
