import { applyDecorators, HttpCode } from '@nestjs/common';
import { ChangesSomething } from '../../http/access/own-page.js';
import { Page, SANDBOXED } from '../../http/answers/browser-headers.js';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiParam,
  ApiQuery,
  ApiResponse,
  Errors,
} from '../../http/answers/swagger.js';
import { TakesBody } from '../../http/limits/bodies.js';
import type { ErrorCode } from '../../kernel/error-table.js';
import { WecomCallQueryDto } from './wecom-call.dto.js';

/** A body to or from WeCom may have any type. */
const ANY_TYPE = ['application/json', '*/*'];
const ANY_ANSWER = {
  'application/json': { schema: {}, example: { errcode: 0, errmsg: 'ok', account_list: [] } },
  '*/*': { schema: {} },
};
const CALLED = {
  description: "WeCom's own answer, or the manager's refusal in its name.",
  content: ANY_ANSWER,
};
const CALLED_OTHERWISE = {
  status: 'default',
  description: "Any other status is WeCom's own, too.",
  content: ANY_ANSWER,
} as const;
const ANY_BODY = { required: false, schema: {} };
const API_PATH = {
  name: 'path',
  description:
    'The path of the API under `/cgi-bin/`. Send its slashes unescaped: `%2F`, as generated clients send it, is refused.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$', maxLength: 128 },
  example: 'kf/account/list',
};
const CALL_ERRORS: readonly ErrorCode[] = [
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

/** A route whose calls go to WeCom. @param errors that only this route answers. */
export function CallsWecom(...errors: ErrorCode[]): MethodDecorator {
  return applyDecorators(
    ChangesSomething(),
    Page(SANDBOXED),
    ApiParam(API_PATH),
    ApiQuery({ type: WecomCallQueryDto }),
    ApiOkResponse(CALLED),
    ApiResponse(CALLED_OTHERWISE),
    Errors(...CALL_ERRORS, ...errors),
  );
}

/** A route as `CallsWecom`, with a body. */
export function CallsWecomWithBody(...errors: ErrorCode[]): MethodDecorator {
  return applyDecorators(
    CallsWecom(...errors),
    TakesBody('streamed'),
    // The manager's own answers have WeCom's 200, not Nest's 201.
    HttpCode(200),
    ApiConsumes(...ANY_TYPE),
    ApiBody(ANY_BODY),
  );
}
