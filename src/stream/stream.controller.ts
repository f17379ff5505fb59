import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../http/access/allowed-callers.js';
import { ApiResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { StreamServer } from './stream-server.js';

/** For bots without an address: the bot connects, and gets its events over that connection. */
@Controller('puppetWxkfManager')
@ApiTags('bots')
export class StreamController {
  constructor(private readonly server: StreamServer) {}

  /**
   * Open a stream.
   * @remarks
   * A WebSocket (RFC 6455) with the key of a bot of kind stream or callback. Frames are JSON texts, described in
   * docs/reference/protocol.md. The bot's first frame is `hello`, within 5 s. A request for no WebSocket is answered 426.
   */
  @Get('stream')
  @AllowRoles('puppet')
  @AllowBots()
  @ApiResponse({ status: 101, description: 'The stream is open.' })
  @Errors(
    'BOT_FORBIDDEN',
    'AUTH_CROSS_SITE',
    'STREAM_CLIENTS_TOO_MANY',
    'STREAM_UPGRADE_REQUIRED',
    'STREAM_ENDING',
  )
  openStream(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.server.open(request, reply);
  }
}
