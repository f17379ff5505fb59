import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Deliveries, type Delivery } from '../dispatch/line/deliveries.js';
import { AllowRoles } from '../http/allowed-callers.js';
import { Query } from '../http/validation.js';
import { IsOptional } from '../kernel/class-validator.js';
import { REPLICA } from '../kernel/replica.js';
import { type DeliveryAnswer, OUTCOMES } from './answers/delivery.js';
import type { Page } from './answers/page.js';
import { type DeliveryFilter, isAskedFor, toDeliveryAnswer } from './delivery-answer.js';
import { DeliveryStreams } from './delivery-streams.js';
import { IsCursorOf, IsId, IsOneOf, limitOf, PageQueryDto, readCursor, toCursor } from './page-query.js';

/** Another replica has other ones. */
const LIST = `deliveries of ${REPLICA}`;

export class StreamQueryDto {
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  @IsOptional()
  @IsOneOf(OUTCOMES)
  readonly outcome?: DeliveryAnswer['outcome'];
}

export class DeliveriesQueryDto extends PageQueryDto {
  @IsOptional()
  @IsId()
  readonly openKfId?: string;

  @IsOptional()
  @IsOneOf(OUTCOMES)
  readonly outcome?: DeliveryAnswer['outcome'];

  @IsOptional()
  @IsCursorOf(LIST, (position) => /^\d{1,15}$/.test(position))
  readonly cursor?: string;
}

/** The latest attempts that this replica made, and those that it makes. */
@Controller('api/v1')
export class DeliveriesController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly streams: DeliveryStreams,
  ) {}

  @Get('deliveries')
  @AllowRoles('operator')
  list(@Query(DeliveriesQueryDto) query: DeliveriesQueryDto): Page<DeliveryAnswer> {
    const filter = toFilter(query);
    const limit = limitOf(query);
    const before = readCursor(LIST, query);
    const found: Delivery[] = [];
    for (const delivery of this.deliveries.latest(before === null ? undefined : Number(before))) {
      if (isAskedFor(delivery, filter)) found.push(delivery);
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const last = found.length > limit ? String(page.at(-1)?.number) : null;
    return { items: page.map(toDeliveryAnswer), nextCursor: toCursor(LIST, last) };
  }

  /** Goes on until its reader leaves, the session ends that it was asked for with, or the process drains. */
  @Get('stream')
  @AllowRoles('operator')
  @HttpCode(200)
  stream(
    @Query(StreamQueryDto) query: StreamQueryDto,
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
