/** Callbacks that are wrong on the outside: the XML of the envelope, the query, the type. */
import type { Draw } from '../draw.js';
import { framed, queryOf } from '../http-request.js';
import type { Input } from '../input.js';
import { mangled, ODD_TEXTS } from '../mutations.js';
import { envelopeXml, eventXml, sealed } from '../sealing.js';
import type { Account, Stage } from '../stage.js';

/** What is right, to be made wrong. */
interface Base {
  readonly account: Account;
  readonly encrypted: string;
  readonly body: string;
}

/** `CALLBACK_BODY_MAX_BYTES` by default. */
const LIMIT_BYTES = 131_072;
const BOMB =
  '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaa">' +
  ['b', 'c', 'd', 'e', 'f', 'g']
    .map((name, index) => `<!ENTITY ${name} "${`&${'abcdef'[index]};`.repeat(10)}">`)
    .join('') +
  ']>';

type Body = (draw: Draw, base: Base) => string | Buffer;

const BODIES: Readonly<Record<string, Body>> = {
  'as it is': (_, { body }) => body,
  mangled: (draw, { body }) => mangled(draw, Buffer.from(body)),
  truncated: (draw, { body }) => body.slice(0, draw.below(body.length)),
  'a bomb': (_, { body, encrypted }) => BOMB + body.replace(encrypted, '&g;'),
  'a doctype': (draw, { body }) =>
    draw.pick([
      `<!DOCTYPE xml SYSTEM "file:///etc/passwd">${body}`,
      `<!DOCTYPE xml [<!ENTITY % x SYSTEM "file:///dev/zero">%x;]>${body}`,
      `<!DOCTYPE${body}`,
      `<!doctype html>${body}`,
      `<![CDATA[<!DOCTYPE]]>${body}`,
    ]),
  entities: (draw, { account, encrypted }) =>
    `<xml><Encrypt>${draw.pick(['&amp;', '&#65;', '&#x41;', '&#0;', '&#xFFFFFFFF;', '&lt;', '&nope;', '&'])}${encrypted}</Encrypt><ToUserName>${account.corpId}</ToUserName></xml>`,
  'deep nesting': (draw, { body }) => {
    const depth = draw.isOneIn(20) ? 20_000 : 1 + draw.below(300);
    const open = '<a>'.repeat(depth);
    return draw.pick([
      open,
      `<xml>${open}${'</a>'.repeat(depth)}</xml>`,
      open + body + '</a>'.repeat(depth),
      body.replace('<xml>', `<xml>${open}${'</a>'.repeat(depth)}`),
    ]);
  },
  'huge attributes': (draw, { body }) => {
    const value = 'x'.repeat(draw.length(60_000));
    return draw.pick([
      body.replace('<xml>', `<xml a="${value}">`),
      body.replace('<Encrypt>', `<Encrypt ${'b="c" '.repeat(draw.below(2_000))}>`),
      body.replace('<xml>', `<xml ${value}`),
      body.replace('<xml>', `<xml a='${value}>`),
    ]);
  },
  encodings: (draw, { body }) =>
    draw.pick([
      Buffer.from(body, 'utf16le'),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body, 'utf16le')]),
      Buffer.from(`<?xml version="1.0" encoding="GBK"?>${body}`),
      Buffer.from(`<?xml version="1.1" encoding="utf-7"?>${body}`),
      Buffer.concat([Buffer.from(body), Buffer.from([0xc0, 0xaf, 0xed, 0xa0, 0x80])]),
      Buffer.from(`\ufeff${body}`),
      Buffer.from(`\ufeff\ufeff${body}`),
      Buffer.from(body.replace('</xml>', '<n>客服\ud83d\ude00</n></xml>')),
    ]),
  'Encrypt again': (draw, { body, encrypted }) =>
    draw.pick([
      body.replace('</xml>', `<Encrypt>${encrypted}</Encrypt></xml>`),
      body.replace('<Encrypt>', '<Encrypt><Encrypt>').replace('</Encrypt>', '</Encrypt></Encrypt>'),
      body.replace('</xml>', '<encrypt>x</encrypt><Encrypt/></xml>'),
      body + body,
      body.replaceAll('Encrypt', draw.pick(['__proto__', 'constructor', 'hasOwnProperty', 'encrypt'])),
      `<xml><__proto__><Encrypt>${encrypted}</Encrypt></__proto__></xml>`,
    ]),
  CDATA: (draw, { body, encrypted }) =>
    draw.pick([
      body.replace(']]></Encrypt>', '</Encrypt>'),
      body.replace(encrypted, `${encrypted}]]>]]>`),
      body.replace(encrypted, `${encrypted}]]><![CDATA[`),
      body.replace('<![CDATA[', '<![cdata['),
      body.replace(encrypted, ''),
      body.replace(encrypted, ` \r\n\t${encrypted}\r`),
    ]),
  NULs: (draw, { body }) =>
    draw.pick([`\0${body}`, `${body}\0`, body.replace('Encrypt>', 'Encrypt\0>'), '\0'.repeat(64)]),
  'comments and instructions': (draw, { body }) =>
    draw.pick([
      '<!--',
      '<!-- -- -->',
      '<?',
      '<?xml?>',
      '<?php echo 1?>',
      '<![',
      '<!',
      '<',
      '</',
      '<!ELEMENT x>',
    ]) + body,
  'many fields': (draw, { body }) =>
    body.replace(
      '</xml>',
      `${'<f0>1</f0>'.replaceAll('0', String(draw.below(9))).repeat(draw.below(5_000))}</xml>`,
    ),
  'not XML': (draw) =>
    draw.pick([...ODD_TEXTS, '{"Encrypt":"x"}', 'Encrypt=x', '<html><body>x</body></html>']),
  'Encrypt is no base64': (draw, { account }) => envelopeXml(account.corpId, draw.pick(ODD_TEXTS)),
};

/** Sparingly: what is as large as a body may be, and larger. */
const LARGE: Readonly<Record<string, Body>> = {
  'one large element': (_, { body }) =>
    body.replace('<Encrypt>', `<b>${'y'.repeat(LIMIT_BYTES - 1_000)}</b><Encrypt>`),
  'a large Encrypt': (_, { account }) =>
    envelopeXml(account.corpId, 'QUJD'.repeat((LIMIT_BYTES - 1_000) / 4)),
  'all less-than signs': () => '<'.repeat(LIMIT_BYTES),
  'one byte too many': () => 'x'.repeat(LIMIT_BYTES + 1),
};

type Query = (draw: Draw, right: Readonly<Record<string, string>>) => string;
const NAMES = ['msg_signature', 'timestamp', 'nonce'];

const QUERIES: Readonly<Record<string, Query>> = {
  missing: (draw, { [draw.pick(NAMES)]: _, ...others }) => queryOf(others),
  doubled: (draw, right) => {
    const name = draw.pick(NAMES);
    return `${queryOf(right)}&${name}=${draw.pick([right[name] ?? '', 'x', ''])}`;
  },
  overlong: (draw, right) => queryOf({ ...right, [draw.pick(NAMES)]: draw.text('0123456789abcdef', 4_000) }),
  odd: (draw, right) => queryOf({ ...right, [draw.pick(NAMES)]: draw.pick(ODD_TEXTS) }),
  'percent garbage': (draw, right) =>
    queryOf(right) +
    draw.pick(['%', '%zz', '%00', '%ff%fe', '&%', '&%zz=%zz', '&=&=&&', '#', '?a=b', '&a[b]=c', ';x=1']),
  'other names': (draw, right) =>
    `${queryOf(right)}&${draw.pick(['__proto__', 'constructor', 'signature', 'msg_signature[]', 'timestamp.x'])}=1`,
  'wrong signature': (draw, right) => queryOf({ ...right, msg_signature: draw.text('0123456789abcdef', 40) }),
};

const TYPES = [
  'text/xml',
  'application/xml',
  'text/xml; charset=gbk',
  'multipart/form-data',
  'x',
  '',
  '*/*',
  'application/json',
];

export function envelope(draw: Draw, stage: Stage): Input {
  const account = draw.pick(stage.known);
  const { query, encrypted } = sealed(
    account,
    draw,
    eventXml(account.corpId, account.openKfId, draw.text('abcDEF012', 16)),
  );
  const base = { account, encrypted, body: envelopeXml(account.corpId, encrypted) };
  const bodies = draw.isOneIn(200) ? LARGE : BODIES;
  const bodyName = draw.pick(Object.keys(bodies));
  const queryName = draw.isOneIn(4) ? draw.pick(Object.keys(QUERIES)) : 'right';
  const body = bodies[bodyName]?.(draw, base) ?? '';
  const text = QUERIES[queryName]?.(draw, query) ?? queryOf(query);
  const headers = draw.isOneIn(40) ? {} : { 'Content-Type': draw.isOneIn(4) ? draw.pick(TYPES) : 'text/xml' };
  return framed('envelope', `${bodyName}; query ${queryName}`, {
    target:
      `/callback/${draw.isOneIn(30) ? draw.pick(['wwnobody', '..', '%2e%2e', 'a b', '__proto__']) : account.corpId}?${text}`.replaceAll(
        ' ',
        '%20',
      ),
    headers,
    body,
  });
}
