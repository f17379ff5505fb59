import { IsOptional, IsInt, IsISO8601, Min } from 'class-validator';
import { IsCursorOf, IsId, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { Page } from '../../http/answers/page.dto.js';

export const WECOM_ERRORS = 'wecom-errors';

export class WecomErrorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(WECOM_ERRORS)
  readonly cursor?: string;
}

export const FAILED_CALLS = 'failed-calls';

export class FailedCallsQueryDto extends PageQueryDto {
  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Only of this account.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  @IsOptional()
  @IsCursorOf(FAILED_CALLS, (position) => /^\d{1,5}$/.test(position))
  readonly cursor?: string;
}

/** Calls with one errcode, refused by WeCom or by the manager in WeCom's name, at all replicas that ran within 3 days. */
export class SeenWecomErrorAnswer {
  /** @example call */
  readonly operation!: 'gettoken' | 'call';

  /**
   * other: errcodes that are not counted separately.
   * @example 45009
   */
  readonly errcode!: string;

  /** @example 3 */
  @IsInt()
  @Min(1)
  readonly count!: number;

  /**
   * When it was last seen; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastAt!: string;
}

/** Calls of one caller, account and API that failed in one way, within 24 hours, at all replicas. */
export class FailedCallAnswer {
  /** @example call */
  readonly operation!: 'gettoken' | 'call';

  /**
   * null when the corp is not known. Corps without any puppet, app or bot are counted together as null.
   * @example wx5823bf96d3bd56c7
   */
  readonly corpId!: string | null;

  /**
   * The bot by whose key they were made, or for which the manager made them; null for other callers.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  readonly botId!: string | null;

  /**
   * The account that they name; null where none was read.
   * @example wkAAA
   */
  readonly openKfId!: string | null;

  /**
   * The name of that account, if a puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * The path below /cgi-bin/. Empty: a request for an access token. other: APIs that are counted together.
   * @example kf/send_msg
   */
  readonly api!: string;

  /**
   * WeCom's errcode. unreachable: there was no answer. status: there was an HTTP error. other: further failures, after 100
   * kinds of failures of the corp.
   * @example 95001
   */
  readonly why!: string;

  /** @example 3 */
  @IsInt()
  @Min(1)
  readonly count!: number;

  /**
   * When it was last seen; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastAt!: string;

  /**
   * The counts of the last 24 hours, oldest first; the last hour is under way.
   * @example [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]
   */
  readonly hours!: number[];
}

export class FailedCallPageAnswer extends Page {
  readonly items!: FailedCallAnswer[];
}

export class SeenWecomErrorPageAnswer extends Page {
  readonly items!: SeenWecomErrorAnswer[];
}
