import { IsInt, IsISO8601, Min } from '../../kernel/class-validator.js';
import { Page } from './page.dto.js';

/** Calls that WeCom refused, or the manager in its name, by errcode, since this replica started. */
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

export class SeenWecomErrorPageAnswer extends Page {
  readonly items!: SeenWecomErrorAnswer[];
}
