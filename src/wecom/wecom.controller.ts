import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../http/access/allowed-callers.js';
import { ChangesSomething } from '../http/access/own-page.js';
import { ApiOkResponse, ApiQuery, ApiTags, Errors } from '../http/answers/swagger.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { GetTokenDto } from './tokens/get-token.dto.js';
import { TokenAnswers } from './tokens/token-answers.js';
import { CallsWecom, CallsWecomWithBody } from './wecom-call.js';

/**
 * What callers reach WeCom through: tokens, and every API under /cgi-bin/. A GET is no less than a POST here: WeCom
 * deletes by some, and a question for a token that fails counts against the address that all share.
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
   * One token for all who have the secret, and `expires_in` is what it really has left. WeCom is asked once a minute at
   * most for each secret, and not again for a while about one that it refused. What WeCom refuses is 200 with its
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
   * `wxkfRequestProxy/kf/sync_msg` calls `/cgi-bin/kf/sync_msg`. Status and bytes go through both ways as they come, other
   * parameters of the query too, and of the headers those of types, lengths, encodings, ranges, dates and conditions,
   * `Content-Disposition`, and WeCom's `Error-Code` and `Error-Msg`. Nothing is sent twice, but for a call whose token the
   * manager added and WeCom found no good. `gettoken` is answered as `getToken` is. WeCom's limits are kept before WeCom
   * does: errcode 45009 with `Retry-After`. Of one corp 512 calls at most are under way; a call has 30 s for each pause and
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
   * @remarks As without one; the body goes through as it comes, and has at most `PROXY_BODY_MAX_BYTES` (25 MB).
   */
  @Post('wxkfRequestProxy/*')
  @AllowRoles('puppet')
  @AllowBots()
  @CallsWecomWithBody()
  async callWecomWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
