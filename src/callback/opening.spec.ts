import { describe, expect, it } from '@jest/globals';
import { kfMessageXml } from '../../test/support/wecom.js';
import { Secret } from '../kernel/secret.js';
import type { CorpPair } from '../registry/keys/shared-keys.js';
import {
  checkSkew,
  idOfDecrypted,
  idOfMessage,
  isForBot,
  parseEnvelope,
  parseEvent,
  pickPairs,
  UNTRUSTED_PAIRS_MAX,
} from './opening.js';

const MALFORMED = 'CALLBACK_ENVELOPE_MALFORMED';

function bytes(...parts: (string | number[])[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
}

describe('the encrypted text is found', () => {
  it.each([
    [
      'as WeCom sends it',
      '<xml><ToUserName><![CDATA[ww1]]></ToUserName><Encrypt><![CDATA[aB+/==]]></Encrypt><AgentID><![CDATA[]]></AgentID></xml>',
    ],
    ['before the other elements', '<xml><Encrypt>aB+/==</Encrypt><ToUserName>ww1</ToUserName></xml>'],
    ['alone', '<xml><Encrypt>aB+/==</Encrypt></xml>'],
    [
      'with blanks inside and outside of CDATA',
      '<xml>\r\n<Encrypt> <![CDATA[\naB+/==\n]]>\n</Encrypt>\r\n</xml>\n',
    ],
    ['after a prolog', '<?xml version="1.0" encoding="UTF-8"?>\n<xml><Encrypt>aB+/==</Encrypt></xml>'],
    ['beside other languages', '<xml><ToUserName>客服😀</ToUserName><Encrypt>aB+/==</Encrypt></xml>'],
    ['after a byte order mark', '\ufeff<xml><Encrypt>aB+/==</Encrypt></xml>'],
    [
      'beside elements that nobody knows',
      '<xml><A><B>1</B><C/></A><Encrypt>aB+/==</Encrypt><!-- c --><D><![CDATA[<Encrypt>x</Encrypt>]]></D></xml>',
    ],
  ])('%s', (_where, body) => {
    expect(parseEnvelope(bytes(body))).toBe('aB+/==');
  });
});

describe('the reason is told', () => {
  const NOT_XML = 'the body is not well-formed XML of the kind that WeCom sends';
  const NOT_ONE = 'there is not exactly one <Encrypt> with text';

  it.each([
    ['an empty body', bytes(''), 'the body is empty'],
    ['a JSON body', bytes('{"Encrypt":"abc"}'), NOT_XML],
    ['an HTML page', bytes('<html><Encrypt>abc</Encrypt></html>'), NOT_XML],
    ['a body that is cut off', bytes('<xml><Encrypt>abc</Encrypt>'), NOT_XML],
    ['a declared type', bytes('<!DOCTYPE xml><xml><Encrypt>abc</Encrypt></xml>'), NOT_XML],
    [
      'bytes that are not UTF-8',
      bytes('<xml><A>', [0xbf, 0xcd], '</A><Encrypt>abc</Encrypt></xml>'),
      NOT_XML,
    ],
    ['UTF-16', Buffer.from('\ufeff<xml><Encrypt>abc</Encrypt></xml>', 'utf16le'), NOT_XML],
    ['attributes, which WeCom does not send', bytes('<xml><Encrypt a="1">abc</Encrypt></xml>'), NOT_XML],
    ['no <Encrypt>', bytes('<xml><ToUserName>ww1</ToUserName></xml>'), NOT_ONE],
    ['<encrypt> in small letters', bytes('<xml><encrypt>abc</encrypt></xml>'), NOT_ONE],
    ['an empty <Encrypt>', bytes('<xml><Encrypt><![CDATA[ ]]></Encrypt></xml>'), NOT_ONE],
    ['two <Encrypt>', bytes('<xml><Encrypt>abc</Encrypt><Encrypt>abc</Encrypt></xml>'), NOT_ONE],
    ['an <Encrypt> deeper down', bytes('<xml><Info><Encrypt>abc</Encrypt></Info></xml>'), NOT_ONE],
  ])('for %s', (_what, body, detail) => {
    expect(() => parseEnvelope(body)).toThrow(expect.objectContaining({ code: MALFORMED, detail }));
  });
});

describe('an envelope that nobody has signed costs little, whatever is in it', () => {
  const BYTES = 60_000;
  const full = (piece: string): string => piece.repeat(BYTES / piece.length);

  it.each([
    ['attributes', `<xml a="1">${full('<a>1</a>')}<Encrypt>abc</Encrypt></xml>`],
    ['elements', `<xml>${full('<a>1</a>')}<Encrypt>abc</Encrypt></xml>`],
    ['elements in elements', `<xml>${full('<a><b/></a>')}<Encrypt>abc</Encrypt></xml>`],
    ['elements that are not closed', `<xml>${full('<a>')}`],
    ['empty elements', `<xml><a>${full('<b/>')}</a>`],
    ['comments', `<xml>${full('<!---->')}`],
    ['a comment without end', `<xml><!--${full('<!--')}`],
    ['CDATA without end', `<xml>${full('<a><![CDATA[')}`],
    ['entities', `<xml><a>${full('&lt;')}</a></xml>`],
    ['a declaration without end', `<?xml${full(' a="1"')}`],
    ['blanks in a declaration', `<?xml${full(' ')}`],
    ['blanks', `<xml>${full(' ')}`],
  ])('%s', (_what, text) => {
    const body = Buffer.from(text);
    const before = process.cpuUsage();
    for (let n = 0; n < 100; n++) {
      try {
        parseEnvelope(body);
      } catch (error) {
        expect(error).toMatchObject({ code: MALFORMED });
      }
    }
    const { user, system } = process.cpuUsage(before);
    // The general parser takes some 40 ms for one.
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});

const pairsOf = (broughtBy: string, count: number, isTrusted = false): CorpPair[] =>
  Array.from({ length: count }, () => ({
    callbackToken: new Secret('token'),
    encodingAESKey: new Secret('key'),
    isTrusted,
    broughtBy,
    id: 'id',
  }));

function picked(...pairs: readonly CorpPair[]) {
  const toTry = pickPairs(new Map(pairs.map((pair, n) => [`${n}`, pair])));
  return { pairs: [...toTry.pairs], skipped: toTry.skipped };
}

describe('the pairs to try', () => {
  it('are all where there are no more than may be tried', () => {
    const pairs = [...pairsOf('a', UNTRUSTED_PAIRS_MAX), ...pairsOf('', 100, true)];
    expect(picked(...pairs)).toEqual({ pairs, skipped: 0 });
    expect(picked()).toEqual({ pairs: [], skipped: 0 });
  });

  it('are all that are trusted, however many others there are', () => {
    const [trusted, others] = [pairsOf('b', 70, true), pairsOf('a', 100)];
    const { pairs, skipped } = picked(...others, ...trusted);
    expect(pairs.filter(({ isTrusted }) => isTrusted)).toEqual(trusted);
    expect([pairs.length, skipped]).toEqual([70 + UNTRUSTED_PAIRS_MAX, 100 - UNTRUSTED_PAIRS_MAX]);
  });

  it('are as many of each caller, and what one does not need is the others’; the oldest come first', () => {
    const [a, b, c] = [pairsOf('a', 500), pairsOf('b', 40), pairsOf('c', 1)];
    const { pairs, skipped } = picked(...a, ...b, ...c);
    expect(new Set(pairs)).toEqual(new Set([...a.slice(0, 32), ...b.slice(0, 31), ...c]));
    expect([pairs.length, skipped]).toEqual([UNTRUSTED_PAIRS_MAX, 541 - UNTRUSTED_PAIRS_MAX]);
  });
});

const nowMs = Date.UTC(2026, 0, 1);
const nowS = nowMs / 1_000;

it.each([nowS - 60, nowS, nowS + 60])('lets %i pass, which is a minute away at the most', (timestamp) => {
  expect(() => checkSkew(String(timestamp), nowMs, 60)).not.toThrow();
});

it.each([nowS - 61, nowS + 61, 0, 1_000_000_000_000_000])(
  'refuses %i, and tells the log how far it is',
  (timestamp) => {
    const check = () => checkSkew(String(timestamp), nowMs, 60);
    expect(check).toThrow(
      expect.objectContaining({ code: 'CALLBACK_TIMESTAMP_OFF', internal: { skewS: timestamp - nowS } }),
    );
  },
);

it('lets everything pass when it is off', () => {
  expect(() => checkSkew('0', nowMs, 0)).not.toThrow();
});

const CORP_ID = 'ww12345678910';
const KF_ID = 'wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q';

const AUTH_CHANGE = `<xml>
  <ToUserName><![CDATA[${CORP_ID}]]></ToUserName>
  <FromUserName><![CDATA[sys]]></FromUserName>
  <CreateTime>1403610513</CreateTime>
  <MsgType><![CDATA[event]]></MsgType>
  <Event><![CDATA[kf_account_auth_change]]></Event>
  <AuthAddOpenKfId><![CDATA[wkAAAA1]]></AuthAddOpenKfId>
  <AuthAddOpenKfId><![CDATA[wkAAAA2]]></AuthAddOpenKfId>
  <AuthDelOpenKfId><![CDATA[wkAAAA3]]></AuthDelOpenKfId>
</xml>`;

const NEWS = {
  event: 'kf_msg_or_event',
  toUserName: CORP_ID,
  openKfId: KF_ID,
  syncToken: 'ENCApHxnGDNAVNY4',
  createdAtS: 1_348_831_860,
};

function elementsOf(...elements: string[]): string {
  return `<xml>${elements.join('')}</xml>`;
}

describe('an opened message', () => {
  it('tells the event, the corp, the kf account, the sync token and when it was made', () => {
    expect(parseEvent(kfMessageXml({ corpId: CORP_ID }, KF_ID, NEWS.syncToken))).toEqual(NEWS);
  });

  it('may have its elements in any order, blanks around them and around their text', () => {
    const message = elementsOf(
      `<OpenKfId> <![CDATA[ ${KF_ID}\n]]> </OpenKfId>\n`,
      `<Token>\n${NEWS.syncToken}\t</Token>`,
      '<Event><![CDATA[kf_msg_or_event ]]></Event>',
      `<ToUserName> ${CORP_ID} </ToUserName>`,
      '<CreateTime> 1348831860 </CreateTime>',
    );
    expect(parseEvent(message)).toEqual(NEWS);
  });

  it('has an empty sync token when it carries none', () => {
    expect(parseEvent(kfMessageXml({ corpId: CORP_ID }, KF_ID, null))).toEqual({ ...NEWS, syncToken: '' });
  });

  it.each(['', 'now', '-1', '1.5', '1e9', '9'.repeat(13)])(
    'was made nobody knows when, if CreateTime is "%s"',
    (text) => {
      expect(parseEvent(elementsOf(`<CreateTime>${text}</CreateTime>`)).createdAtS).toBeNull();
    },
  );

  it('is named by its type when it is no event', () => {
    expect(parseEvent(elementsOf('<MsgType><![CDATA[text]]></MsgType>')).event).toBe('text');
  });

  it.each([
    ['JSON', '{"Event":"kf_msg_or_event"}'],
    ['nothing', ''],
    ['XML that is cut off', kfMessageXml({ corpId: CORP_ID }, KF_ID).slice(0, -6)],
  ])('is CALLBACK_EVENT_MALFORMED when it is %s', (_what, message) => {
    expect(() => parseEvent(message)).toThrow(expect.objectContaining({ code: 'CALLBACK_EVENT_MALFORMED' }));
  });
});

describe('whether it is for a puppet', () => {
  const news = kfMessageXml({ corpId: CORP_ID }, KF_ID);

  it.each([
    ['news of a kf account', news],
    ['news without a sync token', kfMessageXml({ corpId: CORP_ID }, KF_ID, null)],
  ])('yes: %s', (_what, message) => expect(isForBot(parseEvent(message))).toBe(true));

  it.each([
    ['news that names no kf account', news.replace(/<OpenKfId>.*<\/OpenKfId>/, '')],
    ['news whose kf account is empty', kfMessageXml({ corpId: CORP_ID }, '')],
    ['news that names two kf accounts', news.replace(/<OpenKfId>.*<\/OpenKfId>/, '$&$&')],
    ['kf_account_auth_change, which repeats elements', AUTH_CHANGE],
    ['another event with a kf account', news.replace('kf_msg_or_event', 'enter_session')],
    ['a message of a member', elementsOf('<MsgType>text</MsgType><Content>kf_msg_or_event</Content>')],
  ])('no: %s', (_what, message) => expect(isForBot(parseEvent(message))).toBe(false));
});

describe('the id of a message', () => {
  const message = kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC1', 1_348_831_860);

  it('is the same for the same message, and fits a header', () => {
    expect(idOfMessage(CORP_ID, message)).toBe(idOfMessage(CORP_ID, `${message}`));
    expect(idOfMessage(CORP_ID, message)).toMatch(/^[\w-]{43}$/);
  });

  it('differs by corp, second, kf account and sync token', () => {
    const ids = [
      idOfMessage(CORP_ID, message),
      idOfMessage('ww2', message),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC1', 1_348_831_861)),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, 'wk2', 'ENC1', 1_348_831_860)),
      idOfMessage(CORP_ID, kfMessageXml({ corpId: CORP_ID }, KF_ID, 'ENC2', 1_348_831_860)),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the id of an event that a gateway opened', () => {
  it('is the same for the same sync token', () => {
    expect(idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null)).toBe(idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null));
  });

  it('differs by corp, kf account, sync token and CreateTime', () => {
    const ids = [
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', null),
      idOfDecrypted('ww2', KF_ID, 'ENC1', null),
      idOfDecrypted(CORP_ID, 'wk2', 'ENC1', null),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC2', null),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', 1_348_831_860),
      idOfDecrypted(CORP_ID, KF_ID, 'ENC1', 1_348_831_861),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is new each time without a sync token', () => {
    const ids = Array.from({ length: 100 }, () => idOfDecrypted(CORP_ID, KF_ID, '', null));
    expect(new Set(ids).size).toBe(100);
  });
});
