import { IsOptional, IsInt, IsISO8601, Min } from 'class-validator';
import { IsCursorOf, IsId, PageQueryDto } from '../http/answers/page-query.dto.js';
import { Page } from '../http/answers/page.dto.js';

export const WECOM_ERRORS = 'wecom-errors';

export class WecomErrorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(WECOM_ERRORS)
  readonly cursor?: string;
}

export const FAILED_CALLS = 'failed-calls';

export class FailedCallsQueryDto extends PageQueryDto {
  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Of this account alone.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  @IsOptional()
  @IsCursorOf(FAILED_CALLS, (position) => /^\d{1,5}$/.test(position))
  readonly cursor?: string;
}

/** Calls that WeCom refused, or the manager in its name, by errcode, of all replicas that ran within 3 days. */
export class SeenWecomErrorAnswer {
  /** @example call */
  readonly operation!: 'gettoken' | 'call';

  /**
   * other: one that WeCom does not document.
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

/** Calls of one corp, account and API that failed in one way, within 24 hours, at all replicas. */
export class FailedCallAnswer {
  /** @example call */
  readonly operation!: 'gettoken' | 'call';

  /**
   * null where it is not known, and for corps of which no puppet, app or bot is known, which are counted together.
   * @example wx5823bf96d3bd56c7
   */
  readonly corpId!: string | null;

  /**
   * Of a reply that names it; null for other calls.
   * @example wkAAA
   */
  readonly openKfId!: string | null;

  /**
   * That account's name, where a puppet has registered it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * Below /cgi-bin/; empty for a request for an access token; other for what is counted together.
   * @example kf/send_msg
   */
  readonly api!: string;

  /**
   * WeCom's errcode. unreachable: there was no answer. status: there was an HTTP error. other: whatever failed once 100 kinds
   * of the corp were known.
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
   * How many in each of the last 24 hours, oldest first; the last one is under way.
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
