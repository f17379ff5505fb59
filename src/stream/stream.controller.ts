import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../http/access/allowed-callers.js';
import { Answers, Errors, Tags } from '../http/answers/described.js';
import { TakesBody } from '../http/limits/bodies.js';
import { Polls } from './polls.js';
import { type EventsAnswer, EventsDto } from './stream.dto.js';
import { StreamServer } from './stream-server.js';

/** For bots without an address: they connect, and get their events over that connection. */
@Controller('puppetWxkfManager')
@Tags('bots')
export class StreamController {
  constructor(
    private readonly server: StreamServer,
    private readonly polls: Polls,
  ) {}

  /**
   * Open a stream.
   * @remarks
   * A WebSocket (RFC 6455) with the key of a bot of kind stream or callback. Frames are JSON texts, described in
   * docs/protocol.md; the first one is the bot's `hello`, within 5 s. A request that does not ask for a WebSocket is 426.
   */
  @Get('stream')
  @AllowRoles('puppet')
  @AllowBots()
  @Answers({ 101: 'The stream is open.' })
  @Errors('BOT_FORBIDDEN', 'AUTH_CROSS_SITE', 'STREAM_UPGRADE_REQUIRED', 'STREAM_ENDING')
  openStream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.server.open(request, reply);
  }

  /**
   * Ask for events.
   * @remarks
   * For bots that can only call HTTP, with the key of a bot of kind stream or callback. Answers as soon as there are events, or
   * with none after `waitS`. The next request's `ack` acknowledges them; what is not acknowledged within 5 s comes again. A
   * client that asked within 60 s counts as connected. One request of a client waits at a time: an earlier one gets no events.
   */
  @Post('events')
  @TakesBody('json')
  @AllowRoles('puppet')
  @AllowBots()
  @HttpCode(200)
  @Answers({ 200: 'The events that the client has to acknowledge.' })
  @Errors('BOT_FORBIDDEN', 'STREAM_CLIENTS_TOO_MANY', 'STREAM_ENDING')
  takeEvents(@Body() dto: EventsDto, @Req() request: FastifyRequest): Promise<EventsAnswer> {
    return this.polls.ask(dto, request);
  }
}
