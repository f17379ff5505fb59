import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { CORP_ID_FORMAT } from '../kernel/wecom-format.js';
import { mustBe } from '../http/answers/field-rules.js';
import { IsCursorOf, PageQueryDto } from '../http/answers/page-query.dto.js';
import type { NoAnswer } from '../dispatch/endpoint/bot-verification.js';
import { BotCallbackFieldsDto, BotDto } from '../registry/bots/bot.dto.js';
import type { FailureAnswer } from '../insight/answers/failure.dto.js';
import type { LastHourAnswer } from '../insight/answers/last-hour.dto.js';
import { Page } from '../http/answers/page.dto.js';

export const BOTS = 'bots';
const OVERLAP_MAX_S = 2_592_000;
const AN_OVERLAP = { message: `overlapS must be a whole number of seconds from 0 to ${OVERLAP_MAX_S}` };

export class BotsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(BOTS)
  readonly cursor?: string;

  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId?: string;
}

export class BotPathDto {
  /**
   * The `id` of the list.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  @IsString()
  readonly id!: string;
}

/** Body of `POST /api/v1/bots/{id}/key`. */
export class RenewKeyDto {
  /**
   * How long the old key is valid beside the new one, seconds. 0: it ends at once.
   * @example 3600
   */
  @IsOptional()
  @IsInt(AN_OVERLAP)
  @Min(0, AN_OVERLAP)
  @Max(OVERLAP_MAX_S, AN_OVERLAP)
  readonly overlapS: number = 0;
}

/** Where a callback bot takes callbacks, without its secrets. */
export class BotCallbackAnswer extends BotCallbackFieldsDto {
  /**
   * Names of the headers that each callback gets besides its own.
   * @example ["X-KB-ID"]
   */
  readonly headers!: string[];
}

/** A bot, without its secrets. */
export class BotAnswer extends BotDto {
  /** @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c */
  readonly id!: string;

  /** null for a bot of kind puppet or none. */
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
