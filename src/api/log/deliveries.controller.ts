import type { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import type { DeliveryStoryAnswer, LoggedDeliveryPageAnswer } from './logged-delivery.dto.js';
import {
  DELIVERIES,
  DeliveriesQueryDto,
  DeliveryPathDto,
  RefusedQueryDto,
  FeedQueryDto,
} from './deliveries.dto.js';
import type { RefusedCallbackAnswer, RefusedCallbacksAnswer } from './refused-callback.dto.js';
import type { DeliveryFilter } from './delivery-answer.js';
import { DeliveryHistory, type HistoryFilter } from '../../log/delivery-history.js';
import { DeliveryFeeds } from './delivery-feeds.js';
import { type RefusalGroup, RefusedCallbacks } from '../../log/refused-callbacks.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import { toIso } from '../../http/answers/times.js';
import { toLoggedAnswer, toStoryAnswer } from './logged-delivery-answer.js';
import { limitOf, readCursor, toCursor } from '../../http/answers/page-query.dto.js';

/** The delivery log, and a feed of this replica's attempts. */
@Controller('api/v1')
@ApiTags('operators')
export class DeliveriesController {
  constructor(
    private readonly history: DeliveryHistory,
    private readonly refused: RefusedCallbacks,
    private readonly accounts: Accounts,
    private readonly feeds: DeliveryFeeds,
  ) {}

  /**
   * Search the delivery log.
   * @remarks
   * Records of all replicas on the store, newest first: answered callbacks, later attempts, and ends of kept events. If a
   * callback was taken at once, its attempt is only in its story. A page may be shorter than `limit`, even empty, without
   * being the last. A record is found a second after it was made.
   */
  @Get('deliveries')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'A page of records.' })
  @Errors('REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE')
  async listDeliveries(@Query() query: DeliveriesQueryDto): Promise<LoggedDeliveryPageAnswer> {
    const before = readCursor(DELIVERIES, query);
    const found = await this.history.page(toHistoryFilter(query), before, limitOf(query));
    const { records, nextBefore, sinceMs, days } = found;
    return {
      items: records.map((record) => toLoggedAnswer(record, this.accounts.nameOf(record.openKfId))),
      nextCursor: toCursor(DELIVERIES, nextBefore),
      since: sinceMs === null ? null : toIso(sinceMs),
      days,
    };
  }

  /**
   * Sum up refused callbacks.
   * @remarks
   * The refused callbacks of the last day, or since `from`, by corp, error code and source address; from the delivery log.
   */
  @Get('refused-callbacks')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'Refused callbacks, by corp, reason and address.' })
  @Errors('STORE_UNAVAILABLE')
  async listRefusedCallbacks(@Query() query: RefusedQueryDto): Promise<RefusedCallbacksAnswer> {
    const { corpId = null, from } = query;
    const { groups, isWhole, days } = await this.refused.list(corpId, toMs(from));
    return { items: groups.map(toRefusedAnswer), isWhole, days };
  }

  /**
   * Show the story of a record.
   * @remarks All records with its webhook-id, the oldest first: the callback, each attempt, and how it ended.
   */
  @Get('deliveries/:id')
  @AllowRoles('operator')
  @ApiOkResponse({ description: 'The story.' })
  @Errors('DELIVERY_NOT_FOUND', 'STORE_UNAVAILABLE')
  async getDelivery(@Param() { id }: DeliveryPathDto): Promise<DeliveryStoryAnswer> {
    return toStoryAnswer(await this.history.story(id), (openKfId) => this.accounts.nameOf(openKfId));
  }

  /**
   * Follow deliveries as they are made.
   * @remarks
   * Server-sent events, until the reader leaves, its session ends, or the process drains. `hello` comes first, with
   * `{"replica","version"}`. Each `delivery` has the JSON of a Delivery and its id. `skipped` has `{"count"}`: how many
   * deliveries a slow reader missed. A comment comes every 15 s. There are at most 32 readers. A further one takes the place
   * of the oldest reader of the operator with the most readers, or is refused if its own operator would then have as many.
   */
  @Get('stream')
  @AllowRoles('operator')
  @HttpCode(200)
  @ApiOkResponse({
    description: 'The events.',
    content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/FeedEvent' } } },
  })
  @Errors('STREAM_READERS_TOO_MANY')
  followDeliveries(
    @Query() query: FeedQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    const mayStay = (): boolean => request.server.stillLetsIn(request);
    const { method, operator, sessionEndMs } = request;
    const open = (): Readable =>
      this.feeds.open(toFilter(query), operator?.name ?? '', sessionEndMs, mayStay);
    reply.send(method === 'HEAD' ? '' : open());
  }
}

function toFilter({ openKfId, outcome }: FeedQueryDto): DeliveryFilter {
  return { openKfId: openKfId ?? null, outcome: outcome ?? null };
}

function toHistoryFilter(query: DeliveriesQueryDto): HistoryFilter {
  const { from, to, corpId = null, openKfId = null, botId = null, webhookId = null, ...more } = query;
  const { outcome = null, q = null } = more;
  return { fromMs: toMs(from), toMs: toMs(to), corpId, openKfId, botId, webhookId, outcome, text: q };
}

function toRefusedAnswer({ latest, count, firstAtMs }: RefusalGroup): RefusedCallbackAnswer {
  const { corpId, reason, source, form, atMs } = latest;
  return { corpId, reason, source, form, count, firstAt: toIso(firstAtMs), lastAt: toIso(atMs) };
}

function toMs(time: string | undefined): number | null {
  return time === undefined ? null : Date.parse(time);
}
