import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { rounds, SEED, type Seeded, seeded } from '../../test/support/seeded.js';
import { parseXmlDocument, scanXml } from './xml.js';

/** As signed text is read. */
const readXml = (text: string) => scanXml(text) ?? parseXmlDocument(text);

const NAMES = ['ToUserName', 'CreateTime', 'MsgType', 'Event', 'Token', 'OpenKfId', 'Encrypt', 'AgentID'];
const SPACES = ['', '', ' ', '\n', '\t', ' \n  ', '\r\n'];
const TEXTS = [
  '',
  '1348831860',
  'wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q',
  'a=b',
  'a > b',
  ']]',
  '客服 一号',
  '😀',
  '7+/==',
];
const CDATA = [...TEXTS, '<xml>', '</Encrypt>', '<![CDATA[', 'a & b &amp; c', '<!-- -->', '"\'', ']', '&'];
const FRAGMENTS = [
  '<',
  '>',
  '/',
  '</',
  ']]>',
  '<![CDATA[',
  '&',
  '&lt;',
  '<!-- c -->',
  ' a="1"',
  '<?x ?>',
  '\n',
  '\r',
  'x',
];

const PROLOGS = ['', '', '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8' ?>\n"];
const BETWEEN = [...SPACES, ...SPACES, '<!-- c -->', '<!---->', '<!-- <Encrypt>x</Encrypt> -->\n'];
const INNER = ['', 'text', '<![CDATA[<b>]]>', '<!-- c -->', '<b/>', '<b />'];

/** An element that contains elements, at least one, and at most so many inside each other. */
function nested({ pick }: Seeded, depth: number): string {
  const inner = (): string =>
    pick(INNER) +
    pick(SPACES) +
    (depth > 1 && pick([true, false]) ? nested({ pick } as Seeded, depth - 1) : '');
  return `<a>${pick(TEXTS)}<c>${inner()}</c >${inner()}</a>`;
}

/**
 * `<xml>` with some of the known elements in any order, some twice, each with text, CDATA, elements or nothing, and comments
 * between them.
 */
function documentOf(choices: Seeded): string {
  const { pick } = choices;
  const space = (): string => pick(SPACES);
  const between = (): string => pick(BETWEEN);
  const elements = [
    ...NAMES.filter(() => pick([true, false])),
    ...NAMES.filter(() => pick([true, false, false, false])),
  ]
    .map((name) => ({ name, content: contentOf(choices), order: pick([...NAMES.keys()]) }))
    .sort((a, b) => a.order - b.order)
    .map(({ name, content }) =>
      content === null
        ? `<${name}${space()}/>${between()}`
        : `<${name}${space()}>${space()}${content}${space()}</${name}${space()}>${between()}`,
    );
  const prolog = pick(PROLOGS);
  return `${prolog}${between()}<xml>${between()}${elements.join('')}</xml${space()}>${between()}`;
}

/** `null` for an element without content. */
function contentOf(choices: Seeded): string | null {
  const { pick } = choices;
  switch (pick(['text', 'text', 'text', 'cdata', 'cdata', 'cdata', 'nested', null])) {
    case 'text':
      return pick(TEXTS) + pick(TEXTS);
    case 'cdata':
      return `<![CDATA[${pick(CDATA)}${pick(CDATA)}]]>`;
    case 'nested':
      return nested(choices, 3);
    default:
      return null;
  }
}

/** The same with up to three pieces cut out or put in, mostly no XML any more. */
function damaged(document: string, { pick }: Seeded): string {
  let text = document;
  for (let count = pick([1, 2, 3]); count > 0; count--) {
    const at = pick([...Array(text.length + 1).keys()]);
    text = text.slice(0, at) + pick(['', ...FRAGMENTS]) + text.slice(at + pick([0, 0, 1, 5]));
  }
  return text;
}

function plain(fields: ReadonlyMap<string, string> | null): Record<string, string> | null {
  return fields && Object.fromEntries(fields);
}

type Fields = ReturnType<typeof plain>;

/** Asks jest where they differ alone, since it takes longer than both parsers. */
function expectSame(text: string, scanned: Fields, parsed: Fields): void {
  if (isDeepStrictEqual(scanned, parsed)) return;
  expect({ SEED, text, fields: scanned }).toEqual({ SEED, text, fields: parsed });
}

describe('the scanner and the general parser', () => {
  it('give the same answer for documents of the shape that WeCom sends', () => {
    const choices = seeded(SEED);
    for (let at = 0; at < rounds(300); at++) {
      const text = documentOf(choices);
      const scanned = plain(scanXml(text));
      expectSame(text, scanned, plain(parseXmlDocument(text)));
      expect(scanned).not.toBeNull();
    }
  });

  it('never differ where the scanner has an answer for damaged documents', () => {
    const choices = seeded(SEED);
    let answers = 0;
    for (let at = 0; at < rounds(1_000); at++) {
      const text = damaged(documentOf(choices), choices);
      const scanned = scanXml(text);
      if (scanned === null) continue;
      answers++;
      expectSame(text, plain(scanned), plain(parseXmlDocument(text)));
    }
    expect(answers).toBeGreaterThan(50);
  });
});

describe('a document that WeCom does not send', () => {
  it.each([
    ['a comment', '<xml><!-- c --><Encrypt>abc</Encrypt></xml>'],
    ['a prolog', '<?xml version="1.0" encoding="UTF-8"?><xml><Encrypt>abc</Encrypt></xml>'],
    ['a comment before the root', '<!-- c --><xml><Encrypt>abc</Encrypt></xml>'],
    ['a comment after the root', '<xml><Encrypt>abc</Encrypt></xml><!-- c -->'],
    ['an empty element in short', '<xml><AgentID/><Encrypt>abc</Encrypt></xml>'],
    ['nesting beside', '<xml><Info><Encrypt>no</Encrypt></Info><Encrypt>abc</Encrypt></xml>'],
    ['a carriage return inside a text', '<xml><Name>a\r\nb</Name><Encrypt>abc</Encrypt></xml>'],
    ['blanks in tags', '<xml><Encrypt >abc</Encrypt\n></xml >'],
  ])('is read by the scanner: %s', (_what, text) => {
    expect(scanXml(text)?.get('Encrypt')).toBe('abc');
  });

  it.each([
    ['an attribute', '<xml><Encrypt type="s">abc</Encrypt></xml>'],
    ['an attribute of the root', '<xml version="2"><Encrypt>abc</Encrypt></xml>'],
    ['an entity beside', '<xml><Name>a &amp; b</Name><Encrypt>abc</Encrypt></xml>'],
    ['an end of CDATA that ends nothing beside', '<xml><Name>a ]]> b</Name><Encrypt>abc</Encrypt></xml>'],
    ['text around CDATA', '<xml><Encrypt>a<![CDATA[b]]>c</Encrypt></xml>'],
    ['a comment in a text', '<xml><Encrypt>ab<!-- c -->c</Encrypt></xml>'],
    ['a byte order mark', '\ufeff<xml><Encrypt>abc</Encrypt></xml>'],
  ])('is left to the general parser: %s', (_what, text) => {
    expect(scanXml(text)).toBeNull();
    expect(readXml(text)?.get('Encrypt')).toBe('abc');
  });

  it.each([
    ['text after the root', '<xml><Encrypt>abc</Encrypt></xml>text'],
    ['text before the root', 'text<xml><Encrypt>abc</Encrypt></xml>'],
    ['two roots', '<xml><Encrypt>abc</Encrypt></xml><xml></xml>'],
    ['another root', '<html><Encrypt>abc</Encrypt></html>'],
    ['the root in capitals', '<XML><Encrypt>abc</Encrypt></XML>'],
    ['tags that cross', '<xml><Encrypt>abc</xml></Encrypt>'],
    ['CDATA that is not closed', '<xml><Encrypt><![CDATA[abc]]</Encrypt></xml>'],
    ['JSON', '{"Encrypt":"abc"}'],
    ['nothing', ''],
    ['blanks', ' \n '],
    ['NUL bytes at the end', '<xml><Encrypt>abc</Encrypt></xml>\0\0'],
  ])('is refused: %s', (_what, text) => {
    expect(readXml(text)).toBeNull();
  });
});

it('reads a large event by the scanner, whatever repeats in it', () => {
  const ids = '<AuthAddOpenKfId><![CDATA[wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q]]></AuthAddOpenKfId>\r\n'.repeat(
    5_000,
  );
  const text = `<xml>\r\n<Event>kf_account_auth_change</Event>${ids}</xml>`;
  expect(plain(scanXml(text))).toEqual({ Event: 'kf_account_auth_change' });
});

it('leaves out elements that repeat or contain elements', () => {
  const text = '<xml><Id>1</Id><Id>2</Id><Info><Id>3</Id></Info><Event>e</Event></xml>';
  expect(plain(readXml(text))).toEqual({ Event: 'e' });
});

it('keeps numbers as the text that they were', () => {
  expect(readXml('<xml><MsgId>4561255354251345929</MsgId></xml>')?.get('MsgId')).toBe('4561255354251345929');
  expect(readXml('<xml><MsgId a="1">0012.50</MsgId></xml>')?.get('MsgId')).toBe('0012.50');
});

it('reads no part of a document that is cut off, wherever', () => {
  const documents = [
    '<xml><ToUserName><![CDATA[ww1]]></ToUserName><Encrypt><![CDATA[abc]]></Encrypt></xml>',
    '<?xml version="1.0"?>\n<xml a="1">\n<Encrypt>abc</Encrypt>\n<!-- c --><AgentID/>\n</xml>',
  ];
  for (const document of documents) {
    expect(readXml(document)?.get('Encrypt')).toBe('abc');
    for (let length = 0; length < document.length; length++)
      expect(readXml(document.slice(0, length))).toBeNull();
  }
});

describe('hostile documents', () => {
  const laughs = '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">';

  it.each([
    ['a declared type', '<!DOCTYPE xml><xml><Encrypt>abc</Encrypt></xml>'],
    ['an entity bomb', `<!DOCTYPE xml [<!ENTITY a "ha">${laughs}]><xml><Encrypt>&c;</Encrypt></xml>`],
    ['a file', '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hosts">]><xml><Encrypt>&a;</Encrypt></xml>'],
    [
      'a declared type after the prolog',
      '<?xml version="1.0"?>\n<!DOCTYPE xml []><xml><Encrypt>a</Encrypt></xml>',
    ],
    ['a declared type in small letters', '<!doctype xml><xml><Encrypt>abc</Encrypt></xml>'],
  ])('are refused: %s', (_what, text) => {
    expect(readXml(text)).toBeNull();
  });

  it('never have an entity replaced', () => {
    expect(readXml('<xml><Encrypt>&lt;&#65;</Encrypt></xml>')?.get('Encrypt')).toBe('&lt;&#65;');
  });

  it.each([
    ['closed', `<xml>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</xml>`],
    ['open', `<xml>${'<a>'.repeat(100_000)}`],
  ])('with 100,000 nested elements, %s, are refused within a second of CPU', (_what, text) => {
    const before = process.cpuUsage();
    expect(readXml(text)).toBeNull();
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
  });
});
