import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiTags } from '../../http/answers/swagger.js';
import { ApiProxy } from './api-proxy.js';
import { CallsWecom, CallsWecomWithBody } from './wecom-call.js';

/** Every API of WeCom under /cgi-bin/, for callers. A GET is judged as strictly as a POST: some of WeCom's GETs delete. */
@Controller('puppetWxkfManager')
@ApiTags('puppets')
export class WecomController {
  constructor(private readonly proxy: ApiProxy) {}

  /**
   * Call WeCom's API.
   * @remarks
   * `wxkfRequestProxy/kf/sync_msg` calls `/cgi-bin/kf/sync_msg`. Status, bodies and other query parameters pass unchanged.
   * These headers pass too: types, lengths, encodings, ranges, dates, conditions, `Content-Disposition`, and WeCom's
   * `Error-Code` and `Error-Msg`. A call is sent once; only when WeCom refuses a token that the manager added, it is sent
   * again with a new one. `gettoken` is answered as `getToken`. The manager keeps WeCom's limits itself: errcode 45009 with
   * `Retry-After`. One caller has at most 512 calls of a corp, running or waiting; a call may pause for 30 s and take
   * 10 min in all.
   */
  @Get('wxkfRequestProxy/*')
  @AllowRoles('puppet')
  @AllowBots()
  @CallsWecom()
  async callWecom(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API with a body.
   * @remarks Works as the same call without a body. The body passes unchanged and has at most `PROXY_BODY_MAX_BYTES` (25 MB).
   */
  @Post('wxkfRequestProxy/*')
  @AllowRoles('puppet')
  @AllowBots()
  @CallsWecomWithBody()
  async callWecomWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
