/** Bodies of register, deregister, decrypted events and sign-ins. No endpoint in them leads anywhere but to loopback. */
import fc from 'fast-check';
import type { Draw } from '../draw.js';
import { credentials, framed } from '../http-request.js';
import { type Input, POLLUTION_MARK } from '../input.js';
import { mangled, ODD_TEXTS } from '../mutations.js';
import { CREDENTIALS, HOSTILE_IDS, makeCorp, NOBODYS_IDS, type Stage } from '../stage.js';

interface Route {
  readonly path: string;
  readonly role: keyof typeof CREDENTIALS;
  /** A body as it should be. */
  readonly good: Readonly<Record<string, string>>;
}

/** Corps that hostile registrations bring with them. */
const HOSTILE_CORPS = Array.from({ length: 8 }, (_, index) => makeCorp(90 + index));

function routeOf(draw: Draw, stage: Stage): Route {
  const corp = draw.pick(draw.isOneIn(2) ? HOSTILE_CORPS : stage.corps);
  const kfId = draw.pick(HOSTILE_IDS);
  const registration = {
    kfId,
    kfName: '客服',
    endpoint: `${stage.puppetOrigin}/${kfId}`,
    corpId: corp.corpId,
    corpSecret: corp.corpSecret,
    token: corp.token,
    encodingAESKey: corp.encodingAESKey,
  };
  const { corpId } = draw.pick(stage.corps);
  return draw.pick<Route>([
    { path: '/puppetWxkfManager/register', role: 'AUTH_PUPPET_TOKEN', good: registration },
    { path: '/puppetWxkfManager/register', role: 'AUTH_PUPPET_TOKEN', good: registration },
    {
      path: '/puppetWxkfManager/deregister',
      role: 'AUTH_PUPPET_TOKEN',
      good: draw.isOneIn(2)
        ? { kfId, corpId: corp.corpId, kfName: 'x' }
        : { kfId, corpId: corp.corpId, endpoint: registration.endpoint },
    },
    {
      path: '/console/session',
      role: 'AUTH_OPERATOR_TOKEN',
      good: { token: CREDENTIALS.AUTH_OPERATOR_TOKEN },
    },
    {
      path: `/callback/decrypted/${draw.isOneIn(12) ? draw.pick(['wwnobody', '%00', 'a%20b', '%e5%ae%a2', 'x'.repeat(100)]) : corpId}`,
      role: 'AUTH_GATEWAY_TOKEN',
      good: {
        token: draw.text('abcDEF012', 16),
        openKfId: draw.pick([...NOBODYS_IDS, ...HOSTILE_IDS, ...stage.known.map(({ openKfId }) => openKfId)]),
      },
    },
  ]);
}

/** Each is refused, or leads to loopback after all. */
function oddEndpoint(draw: Draw, { puppetOrigin }: Stage): string {
  const { port } = new URL(puppetOrigin);
  return draw.pick([
    ...ODD_TEXTS.filter((text) => !text.includes('://')),
    'ftp://127.0.0.1/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'http://',
    'http://[::1',
    'http://127.0.0.1:99999/',
    `http://0x7f.1:${port}/x`,
    `http://2130706433:${port}/x`,
    `http://0177.0.0.1:${port}/x`,
    `http://127.1:${port}/%2e%2e/x`,
    `http://localhost:${port}/x`,
    `http://user:password@127.0.0.1:${port}/x`,
    `http://@127.0.0.1:${port}/x`,
    `${puppetOrigin}/?x=1`,
    `${puppetOrigin}/#x`,
    `${puppetOrigin}////x////`,
    `${puppetOrigin}/\\x`,
    `${puppetOrigin}/\r\nX-Injected: yes`,
    ` ${puppetOrigin}/x\t`,
    `${puppetOrigin}/${'x'.repeat(draw.length(4_000))}`,
    `${puppetOrigin}/客服/\ud800`,
    `HTTP://127.0.0.1:${port}/${draw.text('ab%2f./;:@', 20)}`,
  ]);
}

const oddValues = () =>
  fc.oneof(
    fc.constantFrom(...ODD_TEXTS),
    fc.jsonValue(),
    fc.string({ unit: 'binary', maxLength: 65 }),
    fc.constantFrom<unknown>(
      { toString: 'x' },
      '\ud800',
      '\udc00\ud800',
      'wk'.repeat(33),
      'x'.repeat(60_000),
    ),
  );

function oddValue(draw: Draw): unknown {
  return draw.of<unknown>(oddValues);
}

type Change = (draw: Draw, good: Readonly<Record<string, string>>, stage: Stage) => string | Buffer;

const asJson = (value: unknown) => JSON.stringify(value) ?? 'undefined';
const POLLUTION = `{"polluted":"${POLLUTION_MARK}","status":599,"code":1,"online":true,"toJSON":1,"kfId":"${POLLUTION_MARK}"}`;

const BODIES: Readonly<Record<string, Change>> = {
  'as it is': (_, good) => asJson(good),
  'an odd value': (draw, good) =>
    asJson({ ...good, [draw.pick(Object.keys(good).filter((name) => name !== 'endpoint'))]: oddValue(draw) }),
  'an odd endpoint': (draw, good, stage) => asJson({ ...good, endpoint: oddEndpoint(draw, stage) }),
  'a field less': (
    draw,
    { [draw.pick(Object.keys({ kfId: 0, corpId: 0, openKfId: 0, token: 0, endpoint: 0 }))]: _, ...others },
  ) => asJson(others),
  'more fields': (draw, good) =>
    asJson({
      ...good,
      [draw.pick(ODD_TEXTS)]: oddValue(draw),
      online: true,
      lastOnlineAtMs: -1,
      revision: 'x',
    }),
  'deep nesting': (draw, good) => {
    const depth = draw.pick([10, 900, 5_000, 30_000]);
    const [open, close] = draw.pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    return asJson(good)
      .replace(/}$/, `,"deep":${open.repeat(depth)}${draw.isOneIn(3) ? '' : `1${close.repeat(depth)}`}}`)
      .slice(0, 65_000);
  },
  'odd numbers': (draw, good) =>
    asJson(good).replace(
      /"[^"]*"}$/,
      `${draw.pick(['1e999', '-1e999', '9'.repeat(400), '0.1e-999', '01', '+1', '.5', '1.', '0x1', 'NaN', '-'])}}`,
    ),
  pollution: (draw, good) => {
    const name = draw.pick([
      '__proto__',
      'constructor',
      'prototype',
      '\\u005f_proto__',
      '__proto\\u005f_',
      'toString',
      'hasOwnProperty',
      '__defineGetter__',
    ]);
    const inner = name === 'constructor' ? `{"prototype":${POLLUTION}}` : POLLUTION;
    return asJson(good).replace('{', `{"${name}":${inner},`);
  },
  'nested pollution': (_, good) =>
    asJson(good).replace(
      '{',
      `{"a":{"b":{"__proto__":${POLLUTION}}},"c":[{"constructor":{"prototype":${POLLUTION}}}],`,
    ),
  'a key twice': (draw, good) => {
    const name = draw.pick(Object.keys(good));
    return asJson(good).replace('{', `{"${name}":${asJson(name === 'endpoint' ? 1 : oddValue(draw))},`);
  },
  'lone surrogates': (draw, good) =>
    asJson({ ...good, kfName: '' }).replace(
      '"kfName":""',
      `"kfName":"${draw.pick(['\\ud800', '\\udfff', '\\ud83d', '\\ud83d\\u0041', '\\u0000', '\\u2028'])}"`,
    ),
  'not UTF-8': (_, good) =>
    Buffer.concat([
      Buffer.from(asJson(good).slice(0, -2)),
      Buffer.from([0xff, 0xc0, 0xaf]),
      Buffer.from('"}'),
    ]),
  'another encoding': (draw, good) =>
    draw.pick([
      Buffer.from(asJson(good), 'utf16le'),
      Buffer.from(`\ufeff${asJson(good)}`),
      Buffer.from(asJson(good), 'latin1'),
    ]),
  'another JSON': (draw) =>
    draw.pick([
      '[]',
      'null',
      '1',
      '"x"',
      'true',
      '',
      ' ',
      '{',
      '}',
      '{}',
      '[{}]',
      '{"a"}',
      '{"a":1,}',
      "{'a':1}",
      '{}{}',
      '{}//',
      '/**/{}',
      '[1,2',
      `"${'x'.repeat(1_000)}"`,
    ]),
  'many keys': (draw) =>
    asJson(Object.fromEntries(Array.from({ length: draw.below(4_000) }, (_, index) => [`k${index}`, 0]))),
  'over the limit': (draw, good) => asJson({ ...good, padding: 'x'.repeat(65_400 + draw.below(400)) }),
  mangled: (draw, { endpoint: _, ...good }) => mangled(draw, Buffer.from(asJson(good))),
};

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json;charset=utf-16',
  'text/plain',
  'text/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/json, text/xml',
  '',
  'json',
];

export function jsonBody(draw: Draw, stage: Stage): Input {
  const { path, role, good } = routeOf(draw, stage);
  const shape = draw.pick(Object.keys(BODIES));
  const type = draw.isOneIn(12) ? draw.pick(TYPES) : 'application/json';
  return framed('json', `${path.split('/')[2]}: ${shape}`, {
    target: path,
    headers: { ...credentials(draw, role), 'Content-Type': type },
    body: BODIES[shape]?.(draw, good, stage) ?? '',
  });
}
