import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { CORP_ID_FORMAT } from '../../kernel/wecom-format.js';
import { mustBe } from '../../http/answers/field-rules.js';
import { IsCursorOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import type { NoAnswer } from '../../dispatch/endpoint/carrier.js';
import { AgentSettings } from '../../registry/bots/agent.dto.js';
import { BotCallbackFieldsDto, BotDto } from '../../registry/bots/bot.dto.js';
import type { FailureAnswer } from '../answers/failure.dto.js';
import type { LastHourAnswer } from '../answers/last-hour.dto.js';
import { CauseAnswer } from '../answers/cause.dto.js';
import { AccountStatesAnswer } from '../accounts/account.dto.js';
import { Page } from '../../http/answers/page.dto.js';

export const BOTS = 'bots';
const OVERLAP_MAX_S = 2_592_000;
const AN_OVERLAP = { message: `overlapS must be a whole number of seconds from 0 to ${OVERLAP_MAX_S}` };

export class BotsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(BOTS)
  readonly cursor?: string;

  /**
   * Only of this corp.
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
   * Names of the additional headers that each callback is sent with.
   * @example ["X-KB-ID"]
   */
  readonly headers!: string[];
}

/** A bot, without its secrets. */
export class BotAnswer extends BotDto {
  /** @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c */
  readonly id!: string;

  /** null for a bot of kind puppet, none or agent. */
  readonly callback!: BotCallbackAnswer | null;

  /** null for a bot of another kind than agent. */
  readonly agent!: AgentSettings | null;

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
   * open: only probes are sent to its endpoint, or the endpoint has refused an account again and again and taken nothing since.
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

  /** What is wrong with the bot or its accounts, the worst first. */
  readonly causes!: CauseAnswer[];

  /** The accounts that it serves, by their state. */
  readonly accounts!: AccountStatesAnswer;
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
  /** Its callback token; null for a bot of kind puppet, none or agent, and with form json. */
  readonly token!: string | null;

  /** Its EncodingAESKey; null for a bot of kind puppet, none or agent, and with form json. */
  readonly encodingAESKey!: string | null;

  /**
   * Signs messages to a bot of kind puppet, or with form json, as Standard Webhooks specifies.
   * @example whsec_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ==
   */
  readonly signingSecret!: string;
}

/** A bot as it is after a change. */
export class BotChangedAnswer extends BotAnswer {
  /** Shown once, when a bot that had none takes messages from now on; null otherwise. */
  readonly signingSecret!: string | null;
}

/** The result of a verification. */
export class BotVerifiedAnswer {
  /**
   * Whether the bot answered with the echo, as WeCom asks when a URL is saved.
   * @example true
   */
  readonly verified!: boolean;

  /** The HTTP status of the answer; null when there was no answer. */
  readonly status!: number | null;

  /**
   * Why there was no answer: nobody listens there; no connection in time; the host has no address; no secure connection; the
   * program broke the connection; the program did not answer in time. null when there was an answer, and for other causes.
   */
  readonly noAnswer!: NoAnswer | null;

  /** @example 4.2 */
  readonly durationMs!: number;

  /** What is wrong, the beginning of the program's answer, and the remedy; null when it is verified. */
  readonly fault!: string | null;
}
