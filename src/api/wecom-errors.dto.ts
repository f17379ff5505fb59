import { IsOptional } from 'class-validator';
import { IsCursorOf, IsId, PageQueryDto } from '../http/answers/page-query.dto.js';

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
