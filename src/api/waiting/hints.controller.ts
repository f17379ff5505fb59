import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type HintName, HintOperations } from '../../dispatch/later/hint-operations.js';
import { EventQueue } from '../../queue/event-queue.js';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { requesterOf } from '../../http/access/requester.js';
import { toHintAnswer } from '../answers/hint.dto.js';
import {
  DeadHintsDto,
  DropQueryDto,
  type HintCountAnswer,
  type HintPageAnswer,
  HintQueryDto,
  HintsQueryDto,
  listOf,
  type ReplayedAnswer,
  STATES,
  toNarrowed,
} from './hints.dto.js';
import { AccountPathDto } from '../accounts/accounts.dto.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';
import { LINE_STATES } from '../../storage/queue/line.js';

/** Waiting and dead hints, for operators. */
@Controller('api/v1/hints')
@ApiTags('operators')
export class HintsController {
  constructor(
    private readonly queue: EventQueue,
    private readonly destinations: Destinations,
    private readonly operations: HintOperations,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * List hints.
   * @remarks
   * Waiting and dead ones. An account has at most one hint for each corp. It has the newest event that no bot has taken; for a
   * callback bot that takes events, the newest 20.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of hints.' })
  @Errors('STORE_UNAVAILABLE')
  async listHints(@Query() query: HintsQueryDto): Promise<HintPageAnswer> {
    const { state, sort } = query;
    const [list, states] = [listOf(query), state === undefined ? LINE_STATES : STATES[state]];
    const filter = { ...toNarrowed(query), states };
    const page = await this.queue.list(filter, readCursor(list, query), limitOf(query), sort);
    const nowMs = this.storeClock.nowMs();
    const items = page.hints.map((hint) => {
      const { puppet } = this.destinations.find(hint);
      return toHintAnswer(hint, puppet?.name ?? null, nowMs);
    });
    return { items, nextCursor: toCursor(list, page.cursor) };
  }

  /**
   * Count dead hints.
   * @remarks Only hints that a replay of all would send: those whose account has a bot.
   */
  @Get('count')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'How many there are.' })
  @Errors('STORE_UNAVAILABLE')
  async countDeadHints(@Query() query: DeadHintsDto): Promise<HintCountAnswer> {
    return { count: await this.operations.countDead(toNarrowed(query)) };
  }

  /**
   * Replay all dead hints, or some of them.
   * @remarks
   * They are due at once. Those whose sync token has expired are sent at 6 a minute for each corp, since WeCom answers no more
   * than that. Only one such request can run at a time. A repetition replays hints that have died since. A field that is
   * unknown or null is refused.
   */
  @Post('replay')
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'How many are sent.' })
  @Errors('HINTS_REPLAY_UNDER_WAY', 'STORE_UNAVAILABLE')
  async replayDeadHints(@Body() body: DeadHintsDto, @Req() request: FastifyRequest): Promise<ReplayedAnswer> {
    const replayed = await this.operations.replayDead(toNarrowed(body), requesterOf(request));
    return { ...SUCCESS_ANSWER, replayed };
  }

  /**
   * Replay one hint.
   * @remarks Waiting or dead; it is due at once. Safe to repeat; 404 once it was taken.
   */
  @Post(':openKfId/replay')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'It is due now.' })
  @Errors('HINT_NOT_FOUND', 'HINT_UNDELIVERABLE', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async replayHint(
    @Param() { openKfId }: AccountPathDto,
    @Query() query: HintQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.operations.replay(toName(openKfId, query), requesterOf(request));
    return SUCCESS_ANSWER;
  }

  /**
   * Discard one hint.
   * @remarks
   * Its messages are not lost: with the account's next event, the puppet pulls everything new. A repetition is 404.
   */
  @Delete(':openKfId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is gone.' })
  @Errors('HINT_NOT_FOUND', 'HINT_CHANGED', 'STORE_UNAVAILABLE')
  async dropHint(
    @Param() { openKfId }: AccountPathDto,
    @Query() query: DropQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<SuccessAnswer> {
    await this.operations.drop(toName(openKfId, query), query.generation ?? null, requesterOf(request));
    return SUCCESS_ANSWER;
  }
}

function toName(openKfId: string, { corpId }: HintQueryDto): HintName {
  return { openKfId, corpId: corpId ?? null };
}
