/** Paths, queries and methods, on getToken, the proxy and everywhere else. */
import type { Draw } from '../draw.js';
import { bearer, credentials, framed } from '../http-request.js';
import type { ErrorShape, Input } from '../input.js';
import { mangled, ODD_TEXTS } from '../mutations.js';
import type { Stage } from '../stage.js';

const METHODS =
  'GET GET GET POST HEAD PUT DELETE OPTIONS PATCH TRACE QUERY PROPFIND PURGE SEARCH M-SEARCH'.split(' ');
const PATHS =
  '/health /health/live /health/ready /metrics /docs /docs-json /console /console/accounts /console/assets/index.js /console/session /api/v1/status /api/v1/hints?limit=-1 /puppetWxkfManager/register /puppetWxkfManager/deregister /puppetWxkfManager/puppetWxkfInfo/wkknown0x0 /callback/wwfuzz1 /callback/decrypted/wwfuzz1 / /favicon.ico /.env /.git/config'.split(
    ' ',
  );
const SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '%2e',
  '%252e%252e',
  '..%2f',
  '%2f',
  '%5c',
  '\\',
  '//',
  ';x=1',
  '%00',
  '%0d%0aX-Injected:%20yes',
  '%c0%ae',
  '%ff',
  '%zz',
  '%',
  '*',
  ':kfId',
  '__proto__',
  'constructor',
  '客服',
  'a'.repeat(257),
  '%e5%ae%a2',
];
const APIS =
  'kf/sync_msg kf/account/list kf/send_msg gettoken GETTOKEN gettoken/ media/get user/get nothing/at/all'.split(
    ' ',
  );
const PROXY = '/puppetWxkfManager/wxkfRequestProxy/';

/** Segments put into, before and after a path. */
function bent(draw: Draw, path: string): string {
  const parts = path.split('/');
  for (let left = 1 + draw.below(3); left > 0; left--)
    parts.splice(draw.below(parts.length + 1), 0, draw.pick(SEGMENTS));
  return parts.join('/');
}

/** As far as a request line can hold it: no blanks and no ends of lines. */
function onOneLine(target: string): string {
  return target.replace(/[\s\0]/g, '+') || '/';
}

function query(draw: Draw, stage: Stage): string {
  const { corpId, corpSecret } = draw.pick(stage.corps);
  const odd = () => (draw.isOneIn(2) ? encodeURIComponent(draw.pick(ODD_TEXTS)) : draw.pick(ODD_TEXTS));
  const pairs = [
    `corpid=${draw.isOneIn(3) ? odd() : corpId}`,
    `corpsecret=${draw.isOneIn(3) ? odd() : corpSecret}`,
    `access_token=${odd()}`,
    `openKfId=${draw.isOneIn(2) ? odd() : draw.pick(stage.known).openKfId}`,
    `${odd()}=${odd()}`,
    'corpid[]=x',
    'corpid=again',
    'debug=1',
    '=',
    'x'.repeat(draw.length(6_000)),
  ];
  return pairs.filter(() => draw.isOneIn(3)).join(draw.pick(['&', '&', '&', ';', '&&', '?']));
}

const AS_IT_IS = 'getToken as it is';
/** RFC 3986 and what Node takes besides. */
const IS_TARGET = /^[\x21-\x7e]*$/;

type Made = readonly [errors: ErrorShape, target: string, headers?: Record<string, string>, body?: string];
type Make = (draw: Draw, stage: Stage) => Made;

const SHAPES: Readonly<Record<string, Make>> = {
  getToken: (draw, stage) => [
    'wecom',
    `/puppetWxkfManager/getToken?${query(draw, stage)}`,
    credentials(draw, 'AUTH_PUPPET_TOKEN'),
  ],
  [AS_IT_IS]: (draw, stage) => {
    const { corpId, corpSecret } = draw.pick(stage.corps);
    const target = `/puppetWxkfManager/getToken?corpid=${corpId}&corpsecret=${corpSecret}`;
    return ['wecom', target, bearer('AUTH_GATEWAY_TOKEN')];
  },
  proxy: (draw, stage) => [
    'wecom',
    `${PROXY}${draw.pick(APIS)}?${query(draw, stage)}`,
    credentials(draw, 'AUTH_PUPPET_TOKEN'),
    draw.isOneIn(3)
      ? '{"cursor":"","token":"ENCx","limit":1000}'
      : draw.text('{}[]":,x0', draw.length(70_000)),
  ],
  'proxy paths': (draw, stage) => [
    'either',
    `${bent(draw, PROXY + draw.pick(APIS))}?${query(draw, stage)}`,
    credentials(draw, 'AUTH_PUPPET_TOKEN'),
  ],
  paths: (draw) => ['either', bent(draw, draw.pick(PATHS)), credentials(draw, 'AUTH_OPERATOR_TOKEN')],
  'all slashes': (draw) => ['either', `/${draw.text('/.', 1 + draw.below(60))}${draw.pick(PATHS)}`],
  overlong: (draw) => ['either', `${draw.pick(PATHS)}/${draw.text('ab%', 3).repeat(1 + draw.below(3_000))}`],
  mangled: (draw) => [
    'either',
    `/${mangled(draw, Buffer.from(draw.pick(PATHS))).toString('latin1')}`,
    bearer('AUTH_OPERATOR_TOKEN'),
  ],
  info: (draw) => [
    'either',
    `/puppetWxkfManager/puppetWxkfInfo/${encodeURIComponent(draw.pick(ODD_TEXTS))}`,
    credentials(draw, 'AUTH_OPERATOR_TOKEN'),
  ],
  methods: (draw) => ['either', draw.pick(PATHS), bearer('AUTH_OPERATOR_TOKEN'), draw.pick(['', '{}', 'x'])],
};

export function url(draw: Draw, stage: Stage): Input {
  const shape = draw.pick(Object.keys(SHAPES));
  const [errors, path, headers = {}, body = ''] = (SHAPES[shape] as Make)(draw, stage);
  const method = shape === AS_IT_IS ? 'GET' : draw.pick(METHODS);
  const target = onOneLine(path);
  // What is no HTTP is answered before anybody knows which route it is for.
  return framed('url', shape, { method, target, headers, body }, IS_TARGET.test(target) ? errors : 'either');
}
