import type { HintState } from '../dispatch/outbox/hint.js';
import { IsOptional, IsString, MaxLength } from '../kernel/class-validator.js';
import { IsCursorOf, IsId, IsOneOf, mustBe, PageQueryDto } from './page-query.dto.js';

export const HINTS = 'hints';
const GENERATION_LENGTH_MAX = 64;
const A_GENERATION = 'the generation of a hint, given once';

/** `waiting` includes hints that are parked until a puppet registers. */
export const STATES = {
  waiting: ['waiting', 'parked'],
  dead: ['dead'],
} as const satisfies Record<string, readonly HintState[]>;

export class HintsQueryDto extends PageQueryDto {
  /** `waiting` includes parked ones. Left out: all. */
  @IsOptional()
  @IsOneOf(Object.keys(STATES))
  readonly state?: keyof typeof STATES;

  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  @IsOptional()
  @IsCursorOf(HINTS)
  readonly cursor?: string;
}

export class HintQueryDto {
  /**
   * Needed when several corps have a hint for the account.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

export class DropQueryDto extends HintQueryDto {
  /** The `generation` of the hint as it was seen, so that a newer event is not discarded. Left out: any. */
  @IsOptional()
  @IsString(mustBe(A_GENERATION))
  @MaxLength(GENERATION_LENGTH_MAX, mustBe(A_GENERATION))
  readonly generation?: string;
}

export class ReplayDto {
  /** Which hints are replayed. */
  @IsOneOf(['dead'])
  readonly state!: 'dead';

  /**
   * Of this corp alone.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}
