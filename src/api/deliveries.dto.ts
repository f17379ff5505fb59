import { IsOptional } from '../kernel/class-validator.js';
import { REPLICA } from '../kernel/replica.js';
import { OUTCOMES, type Outcome } from './delivery-answer.js';
import { IsCursorOf, IsId, IsOneOf, PageQueryDto } from './page-query.dto.js';

/** Another replica has other ones. */
export const DELIVERIES = `deliveries of ${REPLICA}`;

export class StreamQueryDto {
  /**
   * Of this account alone.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  /** Of this outcome alone. */
  @IsOptional()
  @IsOneOf(OUTCOMES)
  readonly outcome?: Outcome;
}

export class DeliveriesQueryDto extends PageQueryDto {
  /**
   * Of this account alone.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  /** Of this outcome alone. */
  @IsOptional()
  @IsOneOf(OUTCOMES)
  readonly outcome?: Outcome;

  @IsOptional()
  @IsCursorOf(DELIVERIES, (position) => /^\d{1,15}$/.test(position))
  readonly cursor?: string;
}
