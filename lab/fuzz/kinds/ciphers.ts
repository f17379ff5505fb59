/** Callbacks with right signatures around what nobody but the holder of the token could have sent. */
import type { Draw } from '../draw.js';
import { framed, queryOf } from '../http-request.js';
import type { Input } from '../input.js';
import { mangled, ODD_TEXTS } from '../mutations.js';
import { encrypted, envelopeXml, eventXml, padded, plainText, signed } from '../sealing.js';
import { type Account, HOSTILE_IDS, NOBODYS_IDS, type Stage } from '../stage.js';

/** The encrypted text, base64 or not. */
type Text = (draw: Draw, account: Account, stage: Stage) => string;

const base64 = (bytes: Buffer) => bytes.toString('base64');
const good = ({ corpId, openKfId }: Account, draw: Draw) =>
  Buffer.from(eventXml(corpId, openKfId, draw.text('abcDEF012', 16)));

/** Right in all but the message. */
function around(draw: Draw, account: Account, message: Buffer | string): string {
  return base64(encrypted(account, padded(plainText(draw, Buffer.from(message), account.corpId))));
}

type Fields = Readonly<Record<string, string | undefined>>;

/** An event with other fields, or without some. */
function withFields(fields: (draw: Draw, stage: Stage) => Fields): Text {
  return (draw, account, stage) => {
    const { corpId: ToUserName, openKfId: OpenKfId } = account;
    const all = { ToUserName, Event: 'kf_msg_or_event', Token: 'ENCx', OpenKfId, ...fields(draw, stage) };
    const elements = Object.entries(all).map(([name, value]) =>
      value === undefined ? '' : `<${name}><![CDATA[${value}]]></${name}>`,
    );
    return around(draw, account, `<xml>${elements.join('')}</xml>`);
  };
}

const TEXTS: Readonly<Record<string, Text>> = {
  'as it is': (draw, account) => around(draw, account, good(account, draw)),
  'any padding': (draw, account) => {
    const plain = plainText(draw, good(account, draw), account.corpId);
    const claimed = draw.below(256);
    const filled = Buffer.concat([plain, Buffer.alloc(256, claimed)]);
    const length = Math.ceil((plain.length + 1) / 16) * 16;
    const blocks = filled.subarray(
      0,
      draw.isOneIn(2) ? length : Math.min(length + 16 * draw.below(9), filled.length - (filled.length % 16)),
    );
    blocks[blocks.length - 1] = claimed;
    return base64(encrypted(account, blocks));
  },
  'padding of one block too many': (draw, account) => {
    const plain = padded(plainText(draw, good(account, draw), account.corpId));
    return base64(encrypted(account, Buffer.concat([plain, Buffer.alloc(32, 32)])));
  },
  'half a block': (draw, account) => {
    const bytes = encrypted(account, padded(plainText(draw, good(account, draw), account.corpId)));
    return base64(bytes.subarray(0, draw.below(bytes.length + 1)));
  },
  'another inner length': (draw, account) => {
    const message = good(account, draw);
    const { length } = message;
    const wrong = draw.pick([
      -1,
      -(2 ** 31),
      2 ** 31 - 1,
      0,
      length - 1,
      length + 1,
      length + account.corpId.length,
      length + account.corpId.length + 1,
      0xffffffff,
    ]);
    return base64(encrypted(account, padded(plainText(draw, message, account.corpId, wrong))));
  },
  'another receiver': (draw, account, { corps }) => {
    const receiver = draw.pick<string | Buffer>([
      ...ODD_TEXTS,
      ...corps.map(({ corpId }) => corpId),
      Buffer.from([0xff, 0xc0]),
      account.corpId.toUpperCase(),
      `${account.corpId}\0`,
    ]);
    return base64(encrypted(account, padded(plainText(draw, good(account, draw), receiver))));
  },
  'not UTF-8': (draw, account) =>
    around(
      draw,
      account,
      Buffer.concat([
        good(account, draw),
        draw.pick([
          Buffer.from([0xff]),
          Buffer.from([0xed, 0xa0, 0x80]),
          Buffer.from([0xc0, 0x80]),
          Buffer.from([0xf4, 0x90, 0x80, 0x80]),
        ]),
      ]),
    ),
  empty: (draw, account) =>
    draw.pick([
      '',
      around(draw, account, ''),
      base64(encrypted(account, Buffer.alloc(32 * draw.below(4), draw.below(40)))),
    ]),
  'random blocks': (draw) => base64(draw.bytes(16 * (1 + draw.below(20)))),
  'another key': (draw, account, { corps }) => {
    const plain = padded(plainText(draw, good(account, draw), account.corpId));
    return base64(encrypted({ ...account, encodingAESKey: draw.pick(corps).encodingAESKey }, plain));
  },
  'changed after': (draw, account) =>
    base64(mangled(draw, Buffer.from(around(draw, account, good(account, draw)), 'base64'))),
  'odd base64': (draw, account) => {
    const text = around(draw, account, good(account, draw));
    return draw.pick([
      `${text}=`,
      `${text}====`,
      text.replace(/=+$/, ''),
      text.replaceAll('+', '-').replaceAll('/', '_'),
      text.replace('A', ' A'),
      `\n${text}`,
      `=${text}`,
      text.slice(1),
      `${text}é`,
    ]);
  },
  'an event that is mangled': (draw, account) => around(draw, account, mangled(draw, good(account, draw))),
  'an event that is no XML': (draw, account) =>
    around(draw, account, draw.pick([...ODD_TEXTS, '{"Event":"x"}'])),
  'a bomb': (draw, account) =>
    around(
      draw,
      account,
      `<!DOCTYPE xml [<!ENTITY a "${'a'.repeat(1_000)}"><!ENTITY b "${'&a;'.repeat(1_000)}">]><xml><Event>&b;</Event></xml>`,
    ),
  'deep nesting': (draw, account) => {
    const depth = 1 + draw.below(draw.isOneIn(10) ? 10_000 : 200);
    return around(
      draw,
      account,
      `<xml>${'<a>'.repeat(depth)}${draw.isOneIn(2) ? '</a>'.repeat(depth) : ''}</xml>`,
    );
  },
  'other events': withFields((draw) => ({
    Event: draw.pick([...ODD_TEXTS, 'subscribe', 'KF_MSG_OR_EVENT', 'kf_msg_or_event ']),
    MsgType: draw.pick(['text', 'event', '']),
  })),
  'no account or token': withFields((draw) =>
    draw.pick<Fields>([
      { OpenKfId: undefined },
      { Token: undefined },
      { OpenKfId: undefined, Token: undefined },
      { ToUserName: undefined },
      { Event: undefined },
    ]),
  ),
  'odd accounts': withFields((draw) => ({ OpenKfId: draw.pick(ODD_TEXTS) })),
  "others' accounts": withFields((draw, { known }) => ({
    OpenKfId: draw.pick([...NOBODYS_IDS, ...HOSTILE_IDS, ...known.map(({ openKfId }) => openKfId)]),
  })),
  'odd tokens': withFields((draw) => ({ Token: draw.pick(ODD_TEXTS) })),
  'other receivers inside': withFields((draw) => ({ ToUserName: draw.pick(ODD_TEXTS) })),
  'AgentID and more': withFields((draw) => ({
    AgentID: draw.pick(ODD_TEXTS),
    InfoType: 'suite_ticket',
    [`__proto__`]: 'x',
    constructor: 'y',
  })),
  'fields of 64 kB': withFields((draw) => ({
    [draw.pick(['Token', 'OpenKfId', 'Event', 'Extra', 'ToUserName'])]: draw
      .text('ab\u5ba2', 1_000)
      .repeat(64),
  })),
  'control characters': withFields((draw) => ({
    [draw.pick(['Token', 'OpenKfId', 'Event'])]: draw.text(
      '\u0000\u0001\u0008\u000b\u001b\u007f\u0085\u2028\r\n\t',
      1 + draw.below(40),
    ),
  })),
};

const LARGE_LENGTH = 60_000;

export function cipher(draw: Draw, stage: Stage): Input {
  const account = draw.pick(stage.known);
  const shape = draw.pick(Object.keys(TEXTS));
  const text = TEXTS[shape]?.(draw, account, stage) ?? '';
  const { query } = signed(account, draw, text);
  // The verification takes it in its URL.
  if (text.length < LARGE_LENGTH / 8 && draw.isOneIn(4)) {
    const method = draw.isOneIn(20) ? 'HEAD' : 'GET';
    const target = `/callback/${account.corpId}?${queryOf({ ...query, echostr: text })}`;
    return framed('cipher', `${shape}; as echostr`, { method, target });
  }
  return framed('cipher', shape, {
    target: `/callback/${account.corpId}?${queryOf(query)}`,
    headers: { 'Content-Type': 'text/xml' },
    body: envelopeXml(account.corpId, text),
  });
}
