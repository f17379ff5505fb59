import type { HintState } from '../dispatch/outbox/hint.js';
import { IsOptional, IsString, MaxLength } from '../kernel/class-validator.js';
import { IsCursorOf, IsId, IsOneOf, mustBe, PageQueryDto } from './page-query.dto.js';

export const HINTS = 'hints';
const GENERATION_LENGTH_MAX = 64;
const A_GENERATION = 'the generation of a hint, given once';

/** What a person calls waiting waits for a puppet to register, too. */
export const STATES = {
  waiting: ['waiting', 'parked'],
  dead: ['dead'],
} as const satisfies Record<string, readonly HintState[]>;

export class HintsQueryDto extends PageQueryDto {
  /** `waiting`: also for a puppet to register. Left out: all. */
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
   * Which, where several corps have one.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

export class DropQueryDto extends HintQueryDto {
  /** That of the hint as it was seen: what came in since is not dropped. Left out: whatever there is. */
  @IsOptional()
  @IsString(mustBe(A_GENERATION))
  @MaxLength(GENERATION_LENGTH_MAX, mustBe(A_GENERATION))
  readonly generation?: string;
}

export class ReplayDto {
  /** What is meant. */
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
