import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../../http/access/allowed-callers.js';
import { ChangesSomething } from '../../http/access/own-page.js';
import { ApiOkResponse, ApiQuery, ApiTags, Errors } from '../../http/answers/swagger.js';
import { ApiProxy } from './api-proxy.js';
import { GetTokenDto } from '../tokens/get-token.dto.js';
import { TokenAnswers } from '../tokens/token-answers.js';
import { CallsWecom, CallsWecomWithBody } from './wecom-call.js';

/**
 * The ways to WeCom for callers: access tokens, and every API under /cgi-bin/. A GET is judged as strictly as a POST: some
 * of WeCom's GETs delete, and a failed token request counts against the address that all callers share.
 */
@Controller('puppetWxkfManager')
@ApiTags('puppets')
export class WecomController {
  constructor(
    private readonly tokens: TokenAnswers,
    private readonly proxy: ApiProxy,
  ) {}

  /**
   * Get the access token of a secret.
   * @remarks
   * All callers with the same secret get the same token. `expires_in` is the time that it really has left. WeCom is asked at
   * most once a minute for each secret, and more rarely for one that it refused. A refusal of WeCom is 200 with its
   * `errcode`; so is a missing parameter (41002, 41004). WeCom's 45009 comes with `Retry-After`. Safe to repeat.
   */
  @Get('getToken')
  @AllowRoles('puppet', 'gateway')
  @AllowBots()
  @ChangesSomething()
  @ApiTags('gateways')
  @ApiQuery({ type: GetTokenDto })
  @ApiOkResponse({
    description: 'A token, or why there is none.',
    schema: {
      anyOf: [{ $ref: '#/components/schemas/AccessToken' }, { $ref: '#/components/schemas/WecomRefusal' }],
    },
  })
  @Errors('WECOM_UNREACHABLE', 'BOT_FORBIDDEN')
  async getAccessToken(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.tokens.answer(request, reply);
  }

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
