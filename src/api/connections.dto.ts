import { IsOptional, IsString, MaxLength } from 'class-validator';
import { IsCursorOf, PageQueryDto } from './page-query.dto.js';

export const CONNECTIONS = 'connections';
const ID_LENGTH_MAX = 64;

export class ConnectionsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(CONNECTIONS)
  readonly cursor?: string;

  /**
   * Of this bot alone.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  @IsOptional()
  @IsString()
  @MaxLength(ID_LENGTH_MAX)
  readonly botId?: string;
}
