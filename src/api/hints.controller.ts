import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HINT_STATES, type HintState } from '../dispatch/outbox/hint.js';
import { type HintName, HintOperations } from '../dispatch/redelivery/hint-operations.js';
import { Outbox } from '../dispatch/outbox/outbox.js';
import { AllowRoles } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { JsonBody, Query } from '../http/validation.js';
import { IsOptional, IsString, MaxLength } from '../kernel/class-validator.js';
import { StoreClock } from '../kernel/store-clock.js';
import { Destinations } from '../registry/destination.js';
import type { HintAnswer, ReplayedAnswer } from './answers/hint.js';
import type { Page, SuccessAnswer } from './answers/page.js';
import { askedBy } from './asked-by.js';
import { toHintAnswer } from './hint-answer.js';
import {
  IsCursorOf,
  IsId,
  IsOneOf,
  limitOf,
  mustBe,
  PageQueryDto,
  readCursor,
  toCursor,
} from './page-query.js';
import { SUCCESS_ANSWER } from './success-answer.js';

const LIST = 'hints';
const GENERATION_LENGTH_MAX = 64;
const A_GENERATION = 'the generation of a hint, given once';

/** What a person calls waiting waits for a puppet to register, too. */
const STATES = {
  waiting: ['waiting', 'parked'],
  dead: ['dead'],
} as const satisfies Record<string, readonly HintState[]>;

export class HintsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsOneOf(Object.keys(STATES))
  readonly state?: keyof typeof STATES;

  @IsOptional()
  @IsId()
  readonly corpId?: string;

  @IsOptional()
  @IsCursorOf(LIST)
  readonly cursor?: string;
}

export class HintQueryDto {
  /** Says which, where events of several corps were kept for the account. */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

export class DropQueryDto extends HintQueryDto {
  /** Of what is to be dropped and of nothing that came after it; left out: whatever there is. */
  @IsOptional()
  @IsString(mustBe(A_GENERATION))
  @MaxLength(GENERATION_LENGTH_MAX, mustBe(A_GENERATION))
  readonly generation?: string;
}

export class ReplayDto {
  @IsOneOf(['dead'])
  readonly state!: 'dead';

  /** Left out: of all corps. */
  @IsOptional()
  @IsId()
  readonly corpId?: string;
}

/** What operators see of the outbox, and do with it. */
@Controller('api/v1/hints')
export class HintsController {
  constructor(
    private readonly outbox: Outbox,
    private readonly destinations: Destinations,
    private readonly operations: HintOperations,
    private readonly storeClock: StoreClock,
  ) {}

  @Get()
  @AllowRoles('operator')
  async list(@Query(HintsQueryDto) query: HintsQueryDto): Promise<Page<HintAnswer>> {
    const { state, corpId = null } = query;
    const states = state === undefined ? HINT_STATES : STATES[state];
    const page = await this.outbox.list({ states, corpId }, readCursor(LIST, query), limitOf(query));
    const nowMs = this.storeClock.nowMs();
    const items = page.hints.map((hint) => {
      const { puppet } = this.destinations.find(hint);
      return toHintAnswer(hint, puppet?.name ?? null, nowMs);
    });
    return { items, nextCursor: toCursor(LIST, page.cursor) };
  }

  @Post('replay')
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  async replayAll(
    @JsonBody(ReplayDto) { corpId }: ReplayDto,
    @Req() request: FastifyRequest,
  ): Promise<ReplayedAnswer> {
    const replayed = await this.operations.replayDead(corpId ?? null, askedBy(request));
    return { ...SUCCESS_ANSWER, replayed };
  }

  @Post(':openKfId/replay')
  @AllowRoles('operator')
  @HttpCode(200)
  async replay(
    @Param('openKfId') openKfId: string,
    @Query(HintQueryDto) query: HintQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.operations.replay(toName(openKfId, query), askedBy(request));
    return SUCCESS_ANSWER;
  }

  @Delete(':openKfId')
  @AllowRoles('operator')
  async drop(
    @Param('openKfId') openKfId: string,
    @Query(DropQueryDto) query: DropQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.operations.drop(toName(openKfId, query), query.generation ?? null, askedBy(request));
    return SUCCESS_ANSWER;
  }
}

function toName(openKfId: string, { corpId }: HintQueryDto): HintName {
  return { openKfId, corpId: corpId ?? null };
}
