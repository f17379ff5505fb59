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
