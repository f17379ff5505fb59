import { describe, expect, it } from '@jest/globals';
import { parseEnvelope } from './envelope.js';

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
    ['no <Encrypt>', bytes('<xml><ToUserName>ww1</ToUserName></xml>'), NOT_ONE],
    ['<encrypt> in small letters', bytes('<xml><encrypt>abc</encrypt></xml>'), NOT_ONE],
    ['an empty <Encrypt>', bytes('<xml><Encrypt><![CDATA[ ]]></Encrypt></xml>'), NOT_ONE],
    ['two <Encrypt>', bytes('<xml><Encrypt>abc</Encrypt><Encrypt>abc</Encrypt></xml>'), NOT_ONE],
    ['an <Encrypt> deeper down', bytes('<xml><Info><Encrypt>abc</Encrypt></Info></xml>'), NOT_ONE],
  ])('for %s', (_what, body, detail) => {
    expect(() => parseEnvelope(body)).toThrow(expect.objectContaining({ code: MALFORMED, detail }));
  });
});
