import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowBots, AllowRoles } from '../http/access/allowed-callers.js';
import { TakesBody } from '../http/limits/bodies.js';
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
import { ChangesSomething } from '../http/access/own-page.js';
import type { ErrorCode } from '../kernel/error-table.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { GetTokenDto } from './tokens/get-token.dto.js';
import { TokenAnswers } from './tokens/token-answers.js';
import { WecomCallQueryDto } from './wecom-call.dto.js';

/** A body of WeCom's, or for WeCom, may be of any type. */
export const ANY_TYPE = ['application/json', '*/*'];
const ANY_ANSWER = {
  'application/json': { schema: {}, example: { errcode: 0, errmsg: 'ok', account_list: [] } },
  '*/*': { schema: {} },
};
export const CALLED = {
  description: "WeCom's own answer, or the manager's refusal in its name.",
  content: ANY_ANSWER,
};
export const CALLED_OTHERWISE = {
  status: 'default',
  description: "Any other status is WeCom's own, too.",
  content: ANY_ANSWER,
} as const;
export const ANY_BODY = { required: false, schema: {} };
export const API_PATH = {
  name: 'path',
  description:
    'The API under `/cgi-bin/`. Its slashes stay as they are: `%2F`, which generated clients send for them, is refused.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$', maxLength: 128 },
  example: 'kf/account/list',
};
export const CALL_ERRORS: readonly ErrorCode[] = [
  'PROXY_PATH_INVALID',
  'PROXY_SECRET_AMBIGUOUS',
  'PROXY_UNAUTHENTICATED',
  'BOT_FORBIDDEN',
  'REGISTRY_CORP_NOT_FOUND',
  'REGISTRY_PUPPET_NOT_FOUND',
  'REGISTRY_NOT_LOADED',
  'STORE_UNAVAILABLE',
  'REQUEST_TIMEOUT',
  'REQUEST_BODY_TOO_LARGE',
  'REQUEST_BODIES_TOO_MANY',
  'PROXY_OVERLOADED',
  'WECOM_UNREACHABLE',
];

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
  @ChangesSomething()
  @Page(SANDBOXED)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS)
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
  @ChangesSomething()
  @Page(SANDBOXED)
  @TakesBody('streamed')
  // What is answered in WeCom's place has its 200, not Nest's 201.
  @HttpCode(200)
  @ApiParam(API_PATH)
  @ApiQuery({ type: WecomCallQueryDto })
  @ApiConsumes(...ANY_TYPE)
  @ApiBody(ANY_BODY)
  @ApiOkResponse(CALLED)
  @ApiResponse(CALLED_OTHERWISE)
  @Errors(...CALL_ERRORS)
  async callWecomWithBody(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
