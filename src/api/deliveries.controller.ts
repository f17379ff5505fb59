import { Controller, Get, HttpCode, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Deliveries, type Delivery } from '../dispatch/line/deliveries.js';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { Answers, Errors, Tags } from '../http/answers/described.js';
import { DeliveryAnswer, type DeliveryPageAnswer, StreamEventAnswer } from './answers/delivery.dto.js';
import { DELIVERIES, DeliveriesQueryDto, StreamQueryDto } from './deliveries.dto.js';
import { type DeliveryFilter, isAskedFor, toDeliveryAnswer } from './delivery-answer.js';
import { DeliveryStreams } from './delivery-streams.js';
import { limitOf, readCursor, toCursor } from './page-query.dto.js';

/** The latest attempts of this replica, and a stream of new ones. */
@Controller('api/v1')
@Tags('operators')
export class DeliveriesController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly streams: DeliveryStreams,
  ) {}

  /**
   * List the latest deliveries.
   * @remarks The latest 1,000 attempts of this process, newest first. Each replica lists its own.
   */
  @Get('deliveries')
  @AllowRoles('operator')
  @Answers({ 200: 'A page of deliveries.' })
  listDeliveries(@Query() query: DeliveriesQueryDto): DeliveryPageAnswer {
    const filter = toFilter(query);
    const limit = limitOf(query);
    const before = readCursor(DELIVERIES, query);
    const found: Delivery[] = [];
    for (const delivery of this.deliveries.latest(before === null ? undefined : Number(before))) {
      if (isAskedFor(delivery, filter)) found.push(delivery);
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const last = found.length > limit ? String(page.at(-1)?.number) : null;
    return { items: page.map(toDeliveryAnswer), nextCursor: toCursor(DELIVERIES, last) };
  }

  /**
   * Follow deliveries as they are made.
   * @remarks
   * Server-sent events, until the reader leaves, its session ends, or the process drains. `hello` comes first, with
   * `{"replica","version"}`. Each `delivery` has the JSON of a Delivery and its id. `skipped` tells with `{"count"}` how
   * many a slow reader missed. A comment comes every 15 s. At most 32 readers.
   */
  @Get('stream')
  @AllowRoles('operator')
  @HttpCode(200)
  @Answers({
    200: {
      description: 'The events.',
      types: [StreamEventAnswer],
      mediaType: 'text/event-stream',
      example: (exampleOf) => ({
        event: 'delivery',
        id: 'host-3b1f2c-17',
        data: JSON.stringify(exampleOf(DeliveryAnswer)),
      }),
    },
  })
  @Errors('STREAM_READERS_TOO_MANY')
  followDeliveries(
    @Query() query: StreamQueryDto,
    @Req() { method, sessionEndMs }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    reply.send(method === 'HEAD' ? '' : this.streams.open(toFilter(query), sessionEndMs));
  }
}

function toFilter({ openKfId, outcome }: StreamQueryDto): DeliveryFilter {
  return { openKfId: openKfId ?? null, outcome: outcome ?? null };
}
