import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../../http/access/allowed-callers.js';
import { ChangesSomething } from '../../http/access/own-page.js';
import { ApiOkResponse, ApiQuery, ApiTags, Errors } from '../../http/answers/swagger.js';
import { GetTokenDto } from './get-token.dto.js';
import { TokenAnswers } from './token-answers.js';

/** Access tokens for callers. A GET is judged as strictly as a POST: a failed one counts against the address that all callers share. */
@Controller('puppetWxkfManager')
@ApiTags('puppets')
export class TokenController {
  constructor(private readonly tokens: TokenAnswers) {}

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
}
