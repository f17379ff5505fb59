import { IsOptional } from '../kernel/class-validator.js';
import { IsCursorOf, PageQueryDto } from './page-query.dto.js';

export const WECOM_ERRORS = 'wecom-errors';

export class WecomErrorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(WECOM_ERRORS)
  readonly cursor?: string;
}
