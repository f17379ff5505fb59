import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { CORP_ID_FORMAT } from '../kernel/wecom-format.js';
import { mustBe } from '../http/answers/field-rules.js';
import { IsCursorOf, PageQueryDto } from '../http/answers/page-query.dto.js';

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
