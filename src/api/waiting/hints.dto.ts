import { RefusesUnknownFields } from '../../http/answers/validation.js';
import { IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import {
  IsCursorOf,
  IsId,
  IsLimit,
  IsOneOf,
  IsQueryTime,
  type PageQueryDto,
  toMs,
} from '../../http/answers/page-query.dto.js';
import { Page } from '../../http/answers/page.dto.js';
import { SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { HintAnswer } from '../answers/hint.dto.js';
import { expected } from '../../http/answers/field-rules.js';
import { LINE_ORDERS, type LineFilter, type LineOrder } from '../../storage/queue/queue-store.js';
import type { LineState } from '../../storage/queue/line.js';
import { type Failure, FAILURE_STAGES, NOT_TRIED_STAGES } from '../../queue/failure.js';

export const HINTS = 'hints';
const GENERATION_LENGTH_MAX = 64;
const A_GENERATION = 'the generation of a hint, given once';

/** `waiting` includes hints that are parked until a puppet registers. */
export const STATES = {
  waiting: ['waiting', 'parked'],
  dead: ['dead'],
} as const satisfies Record<string, readonly LineState[]>;

const STAGES = [...FAILURE_STAGES, ...NOT_TRIED_STAGES];

/** Filters of the list, of the count and of the replay of all. */
export abstract class HintFilterDto {
  /**
   * Only of this corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  /**
   * Only of this account.
   * @example wkAAA
   */
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  /**
   * Only those whose last failure was at this stage.
   * @example connect
   */
  @IsOptional()
  @IsOneOf(STAGES)
  readonly stage?: Failure['stage'];

  /**
   * Only those whose event arrived at this time or later.
   * @example 2026-01-31T08:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly arrivedAfter?: string;

  /**
   * Only those whose event arrived before this time.
   * @example 2026-01-31T09:00:00Z
   */
  @IsOptional()
  @IsQueryTime()
  readonly arrivedBefore?: string;
}

export class HintsQueryDto extends HintFilterDto implements PageQueryDto {
  /** `waiting` includes parked ones. Left out: all. */
  @IsOptional()
  @IsOneOf(Object.keys(STATES))
  readonly state?: keyof typeof STATES;

  /** `account`: by corp and account; the default. `waitingSince`: the longest wait first. */
  @IsOptional()
  @IsOneOf(LINE_ORDERS)
  readonly sort?: LineOrder;

  @IsOptional()
  @IsCursorOf(listOf)
  readonly cursor?: string;

  /**
   * Maximum number of items.
   * @example 50
   */
  @IsOptional()
  @IsLimit()
  readonly limit?: string;
}

/** The name of the list in cursors: a cursor is valid only for its order. */
export function listOf({ sort = 'account' }: HintsQueryDto): string {
  return sort === 'account' ? HINTS : `${HINTS}-by-${sort}`;
}

export function toNarrowed({
  corpId,
  openKfId,
  stage,
  arrivedAfter,
  arrivedBefore,
}: HintFilterDto): Omit<LineFilter, 'states'> {
  return {
    corpId: corpId ?? null,
    openKfId,
    stage,
    arrivedFromMs: toMs(arrivedAfter),
    arrivedBeforeMs: toMs(arrivedBefore),
  };
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
  @IsString(expected(A_GENERATION))
  @MaxLength(GENERATION_LENGTH_MAX, expected(A_GENERATION))
  readonly generation?: string;
}

/** Which dead hints are counted, or replayed. */
@RefusesUnknownFields()
export class DeadHintsDto extends HintFilterDto {
  @IsOneOf(['dead'])
  readonly state!: 'dead';
}

export class HintPageAnswer extends Page {
  readonly items!: HintAnswer[];
}

export class HintCountAnswer {
  /** @example 3 */
  @IsInt()
  @Min(0)
  readonly count!: number;
}

export class ReplayedAnswer extends SuccessAnswer {
  /**
   * How many were made due. Those whose sync token has expired are sent at 6 a minute for each corp.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly replayed!: number;
}
