import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowBotsByPath, AllowRoles } from '../../http/access/allowed-callers.js';
import { ApiParam, ApiTags } from '../../http/answers/swagger.js';
import { ApiProxy } from './api-proxy.js';
import { CallsWecom, CallsWecomWithBody } from './wecom-call.js';

const BOT_KEY = {
  name: 'key',
  description: 'The key of the bot.',
  example: 'wxkf_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ',
};

/**
 * The proxy under WeCom's own paths. It is for programs whose base URL of WeCom's API can be set to this host, or to its
 * `/cgi-bin`.
 */
@Controller()
@ApiTags('bots', 'puppets')
export class CgiBinController {
  constructor(private readonly proxy: ApiProxy) {}

  /**
   * Call WeCom's API under its own path.
   * @remarks
   * Works as `wxkfRequestProxy`; `/cgi-bin/gettoken` is answered as `getToken`. The key of a bot opens the APIs under `kf/`
   * and `media/` of its own corp. An `open_kfid` in the call must be an account of the bot.
   */
  @Get('cgi-bin/*')
  @AllowRoles('puppet')
  @AllowBots()
  @CallsWecom()
  async callApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API under its own path, with a body.
   * @remarks Works as the same call without a body. The body of a bot's call under `kf/` has at most 64 kB.
   */
  @Post('cgi-bin/*')
  @AllowRoles('puppet')
  @AllowBots()
  @CallsWecomWithBody()
  async callApiWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API with the key in the path.
   * @remarks For programs that can send a key in no other way. The key is never logged.
   */
  @Get('bot/:key/cgi-bin/*')
  @AllowBotsByPath()
  @ApiParam(BOT_KEY)
  @CallsWecom('AUTH_WRONG')
  async callApiByKey(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API with the key in the path, with a body.
   * @remarks Works as the same call without a body.
   */
  @Post('bot/:key/cgi-bin/*')
  @AllowBotsByPath()
  @ApiParam(BOT_KEY)
  @CallsWecomWithBody('AUTH_WRONG')
  async callApiByKeyWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
