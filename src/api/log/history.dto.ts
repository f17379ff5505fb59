import { IsOptional } from 'class-validator';
import { type Range, RANGE_NAMES } from '../../insight/figures/history.js';
import { IsOneOf } from '../../http/answers/page-query.dto.js';

export class HistoryQueryDto {
  /**
   * How far back; the default is `1h`.
   * @example 6h
   */
  @IsOptional()
  @IsOneOf(RANGE_NAMES)
  readonly range?: Range;
}
