import { IsOptional, IsString } from 'class-validator';
import { IsCursorOf, PageQueryDto } from '../http/answers/page-query.dto.js';

export const APPS = 'apps';

export class AppsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(APPS)
  readonly cursor?: string;
}

export class AppPathDto {
  /**
   * The `id` of the list.
   * @example a1b2c3d4e5f6
   */
  @IsString()
  readonly id!: string;
}
