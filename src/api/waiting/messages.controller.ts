import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { SUCCESS_ANSWER, type SuccessAnswer } from '../../http/answers/success-answer.dto.js';
import { TakesBody } from '../../http/limits/bodies.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type MessageHead, webhookIdOf } from '../../queue/message.js';
import { ENTRY_STATES } from '../../storage/queue/entry.js';
import { MessageOperations } from '../../messages/message-operations.js';
import { MessageQueue } from '../../queue/message-queue.js';
import { Destinations } from '../../registry/accounts/destination.js';
import {
  type MessageAnswer,
  type MessagePageAnswer,
  MessagePathDto,
  MESSAGES,
  MessagesQueryDto,
  type MessagesReplayedAnswer,
  ReplayDto,
} from './messages.dto.js';
import { requesterOf } from '../../http/access/requester.js';
import { toAgeS, toIso, toTime } from '../../http/answers/times.js';
import { toFailureAnswer } from '../answers/failure.dto.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** Waiting and dead messages of accounts whose bots take messages, for operators. */
@Controller('api/v1/messages')
@ApiTags('operators')
export class MessagesController {
  constructor(
    private readonly queue: MessageQueue,
    private readonly destinations: Destinations,
    private readonly operations: MessageOperations,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * List messages.
   * @remarks
   * Waiting and dead ones, account by account, in the order in which they are sent. Answers never show what a message says or
   * who wrote it.
   */
  @Get()
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of messages.' })
  @Errors('STORE_UNAVAILABLE')
  async listMessages(@Query() query: MessagesQueryDto): Promise<MessagePageAnswer> {
    const { state, corpId = null, openKfId = null } = query;
    const states = state === undefined ? ENTRY_STATES : [state];
    const page = await this.queue.list(
      { states, corpId, openKfId },
      readCursor(MESSAGES, query),
      limitOf(query),
    );
    const nowMs = this.storeClock.nowMs();
    const items = page.messages.map((head) => {
      const puppet = this.destinations.findForMessages(head)?.puppet;
      return toMessageAnswer(head, puppet?.name ?? null, nowMs);
    });
    return { items, nextCursor: toCursor(MESSAGES, page.cursor) };
  }

  /**
   * Replay all dead messages.
   * @remarks
   * They are due at once, in the order of their accounts, and keep their webhook-ids. Messages that no bot takes stay dead.
   * Only one such request can run at a time. A repetition replays messages that have died since. A field that is unknown or
   * null is refused.
   */
  @Post('replay')
  @TakesBody('json')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'How many are sent.' })
  @Errors('MESSAGES_REPLAY_UNDER_WAY', 'STORE_UNAVAILABLE')
  async replayDeadMessages(
    @Body() { corpId }: ReplayDto,
    @Req() request: FastifyRequest,
  ): Promise<MessagesReplayedAnswer> {
    const replayed = await this.operations.replayDead(corpId ?? null, requesterOf(request));
    return { ...SUCCESS_ANSWER, replayed };
  }

  /**
   * Replay one message.
   * @remarks
   * Waiting or dead. All messages that wait for its account are due at once, in their order. Safe to repeat; 404 once it was
   * taken.
   */
  @Post(':openKfId/:webhookId/replay')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({ description: 'It is due now.' })
  @Errors('MESSAGE_NOT_FOUND', 'MESSAGE_UNDELIVERABLE', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async replayMessage(@Param() path: MessagePathDto, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    await this.operations.replay(path, requesterOf(request));
    return SUCCESS_ANSWER;
  }

  /**
   * Discard one message.
   * @remarks Its bot never gets it, and WeCom is not asked for it again. Those behind it go on. A repetition is 404.
   */
  @Delete(':openKfId/:webhookId')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'It is gone.' })
  @Errors('MESSAGE_NOT_FOUND', 'STORE_UNAVAILABLE')
  async dropMessage(@Param() path: MessagePathDto, @Req() request: FastifyRequest): Promise<SuccessAnswer> {
    await this.operations.drop(path, requesterOf(request));
    return SUCCESS_ANSWER;
  }
}

/** Picked field by field, so that it names no customer. @param name the name of its account. @param nowMs store time. */
function toMessageAnswer(head: MessageHead, name: string | null, nowMs: number): MessageAnswer {
  const { corpId, openKfId, msgid, type, origin, state, attempts, refusals, dueAtMs } = head;
  return {
    corpId,
    openKfId,
    name,
    webhookId: webhookIdOf(head),
    msgid,
    type,
    origin,
    state,
    sentAt: toIso(head.sentAtMs),
    storedAt: toIso(head.storedAtMs),
    ageS: toAgeS(nowMs, head.storedAtMs),
    attempts,
    refusals,
    dueAt: toTime(dueAtMs),
    lastFailure: toFailureAnswer(head.lastFailure),
  };
}
