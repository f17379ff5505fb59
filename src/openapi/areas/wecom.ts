import { GetTokenDto } from '../../wecom/tokens/get-token.dto.js';
import { exampleOf, refTo } from '../components.js';
import type { Area, Content, Description, Parameter } from '../description.js';
import { queryOfDto } from '../dto-schema.js';
import { CORP_ID, CORP_SECRET, OPEN_KF_ID } from '../example-values.js';

const TOKEN_OR_REFUSAL: Content = {
  'application/json': {
    schema: { anyOf: [refTo('AccessToken'), refTo('WecomRefusal')] },
    examples: {
      token: { summary: 'A token', value: exampleOf('AccessToken') },
      refusal: { summary: 'What WeCom refuses', value: exampleOf('WecomRefusal') },
    },
  },
};

const CALL_PARAMETERS: readonly Parameter[] = [
  {
    name: 'path',
    in: 'path',
    required: true,
    description:
      'The API under `/cgi-bin/`. Its slashes stay as they are: `%2F`, which generated clients send for them, is refused.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$', maxLength: 128 },
    example: 'kf/account/list',
  },
  {
    name: 'access_token',
    in: 'query',
    required: false,
    description: 'Of the caller. Left out by a caller that the manager knows, it adds that of `corpid`.',
    schema: { type: 'string' },
  },
  {
    name: 'corpid',
    in: 'query',
    required: false,
    description:
      "The corp whose registered secret's token is to be added. Not sent to WeCom, and not looked at beside an `access_token`.",
    schema: { type: 'string' },
    example: CORP_ID,
  },
  {
    name: 'openKfId',
    in: 'query',
    required: false,
    description:
      'Of a corp with several secrets, the account whose secret it is to be. Not sent to WeCom, and looked at with `corpid` alone.',
    schema: { type: 'string' },
    example: OPEN_KF_ID,
  },
];

/** WeCom's, of whatever type it is. */
const ANY_ANSWER: Content = {
  'application/json': { schema: {}, example: { errcode: 0, errmsg: 'ok', account_list: [] } },
  '*/*': { schema: {} },
};

const CALL: Omit<Description, 'id' | 'summary'> = {
  tags: ['puppets'],
  description:
    "`wxkfRequestProxy/kf/sync_msg` calls `/cgi-bin/kf/sync_msg`. Status and bytes go through both ways as they come, other parameters of the query too, and of the headers those of types, lengths, encodings, ranges, dates and conditions, `Content-Disposition`, and WeCom's `Error-Code` and `Error-Msg`. Nothing is sent twice, but for a call whose token the manager added and WeCom found no good. `gettoken` is answered as `getToken` is. WeCom's limits are kept before WeCom does: errcode 45009 with `Retry-After`. Of one corp 512 calls at most are under way; a call has 30 s for each pause and 10 min in all. A request body has at most `PROXY_BODY_MAX_BYTES` (25 MB).",
  parameters: CALL_PARAMETERS,
  answers: {
    200: { description: "WeCom's own answer, or the manager's refusal in its name.", content: ANY_ANSWER },
    default: { description: "Any other status is WeCom's own, too.", content: ANY_ANSWER },
  },
  errors: [
    'REQUEST_INVALID',
    'PROXY_PATH_INVALID',
    'PROXY_SECRET_AMBIGUOUS',
    'PROXY_UNAUTHENTICATED',
    'REGISTRY_CORP_NOT_FOUND',
    'REGISTRY_PUPPET_NOT_FOUND',
    'REGISTRY_NOT_LOADED',
    'STORE_UNAVAILABLE',
    'REQUEST_BODY_TOO_LARGE',
    'REQUEST_BODIES_TOO_MANY',
    'PROXY_OVERLOADED',
    'WECOM_UNREACHABLE',
  ],
  hasWecomErrors: true,
};

export const WECOM: Area = {
  'GET /puppetWxkfManager/getToken': {
    id: 'getAccessToken',
    tags: ['puppets', 'gateways'],
    summary: 'Get the access token of a secret',
    description:
      "One token for all who have the secret, and `expires_in` is what it really has left. WeCom is asked once a minute at most for each secret, and not again for a while about one that it refused. What WeCom refuses is 200 with its `errcode`; so is a missing parameter (41002, 41004). WeCom's 45009 comes with `Retry-After`. Safe to repeat.",
    parameters: queryOfDto(GetTokenDto, {
      corpid: { description: 'The corp.', example: CORP_ID },
      corpsecret: { description: 'The secret of the app.', example: CORP_SECRET },
      access_token: { description: 'Of no use here; some callers send it.' },
    }),
    answers: { 200: { description: 'A token, or why there is none.', content: TOKEN_OR_REFUSAL } },
    errors: ['REQUEST_INVALID', 'WECOM_UNREACHABLE'],
    hasWecomErrors: true,
  },
  'GET /puppetWxkfManager/wxkfRequestProxy/*': { ...CALL, id: 'callWecom', summary: "Call WeCom's API" },
  'POST /puppetWxkfManager/wxkfRequestProxy/*': {
    ...CALL,
    id: 'callWecomWithBody',
    summary: "Call WeCom's API with a body",
    body: {
      content: {
        'application/json': { schema: {}, example: { offset: 0, limit: 100 } },
        '*/*': { schema: {} },
      },
      isOptional: true,
    },
  },
};
