import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowBotsByPath, AllowRoles } from '../http/access/allowed-callers.js';
import { ChangesSomething } from '../http/access/own-page.js';
import { Page, SANDBOXED } from '../http/answers/browser-headers.js';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
  Errors,
} from '../http/answers/swagger.js';
import { TakesBody } from '../http/limits/bodies.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { WecomCallQueryDto } from './wecom-call.dto.js';
import { ANY_BODY, ANY_TYPE, API_PATH, CALL_ERRORS, CALLED, CALLED_OTHERWISE } from './wecom.controller.js';

const BOT_KEY = {
  name: 'key',
  description: 'The key of the bot.',
  example: 'wxkf_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ',
};

/**
 * The proxy under WeCom's own paths, for programs whose base of WeCom's API can be set: to this host, or to its
 * `/cgi-bin`.
 */
@Controller()
@ApiTags('bots', 'puppets')
export class CgiBinController {
  constructor(private readonly proxy: ApiProxy) {}

  /**
   * Call WeCom's API under its own path.
   * @remarks
   * As `wxkfRequestProxy` does; `/cgi-bin/gettoken` is answered as `getToken`. The key of a bot opens the APIs under `kf/`
   * and `media/` of its own corp, and where a call names an `open_kfid` it has to be the bot's.
   */
  @Get('cgi-bin/*')
  @AllowRoles('puppet')
  @AllowBots()
  @ChangesSomething()
  @Page(SANDBOXED)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS)
  async callApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API under its own path, with a body.
   * @remarks As without one. The body of a bot's call under `kf/` has at most 64 kB.
   */
  @Post('cgi-bin/*')
  @AllowRoles('puppet')
  @AllowBots()
  @ChangesSomething()
  @Page(SANDBOXED)
  @TakesBody('streamed')
  @HttpCode(200)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiConsumes(...ANY_TYPE)
  @ApiBody(ANY_BODY)
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS)
  async callApiWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API with the key in the path.
   * @remarks For programs that can send it in no other way. It is logged nowhere.
   */
  @Get('bot/:key/cgi-bin/*')
  @AllowBotsByPath()
  @ChangesSomething()
  @Page(SANDBOXED)
  @ApiParam(BOT_KEY)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS, 'AUTH_WRONG')
  async callApiByKey(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /**
   * Call WeCom's API with the key in the path, with a body.
   * @remarks As without one.
   */
  @Post('bot/:key/cgi-bin/*')
  @AllowBotsByPath()
  @ChangesSomething()
  @Page(SANDBOXED)
  @TakesBody('streamed')
  @HttpCode(200)
  @ApiParam(BOT_KEY)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiConsumes(...ANY_TYPE)
  @ApiBody(ANY_BODY)
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS, 'AUTH_WRONG')
  async callApiByKeyWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
