/**
 * Reads the envelope of a callback and the event in it, in linear time and many times as fast as a general parser.
 * Only the scanner reads the envelope, because its signature is not checked yet. An opened event is signed: where
 * the scanner has no answer, the general parser is asked. A test compares the answers of both.
 */
import { XMLParser } from 'fast-xml-parser';

/** Text of each element directly under `<xml>`, trimmed. */
export type XmlFields = ReadonlyMap<string, string>;

/** The general parser takes half a second for a megabyte, and blocks the process for that time. */
const TEXT_LENGTH_MAX = 65_536;

/** Entities off (no bombs), values as strings (ids are larger than 2^53), depth bounded by the library. */
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  processEntities: false,
  trimValues: true,
});

const OPEN_CDATA = '<![CDATA[';
const CLOSE_CDATA = ']]>';
const OPEN_COMMENT = '<!--';
const CLOSE_COMMENT = '-->';
const LESS_THAN = 60;
const GREATER_THAN = 62;
const SLASH = 47;
const EXCLAMATION = 33;
const DECLARATION = /<\?xml(?:[ \t\r\n]+\w+=(?:"[^"<>?&]*"|'[^'<>?&]*'))+[ \t\r\n]*\?>/y;
/** The number of different names; WeCom's largest event has half as many. */
const FIELDS_MAX = 64;
const DEPTH_MAX = 16;

/**
 * Reads an `<xml>` whose elements hold text, one CDATA section, or elements again. There may be an XML
 * declaration, white space, and comments beside elements, but no attribute, entity or declared type. Elements
 * that repeat or contain elements are left out.
 * @returns `null` for any other text.
 */
export function scanXml(text: string): XmlFields | null {
  let at = skipBetween(text, endOfDeclaration(text));
  if (!text.startsWith('<xml>', at)) return null;
  at += 5;
  const fields = new Map<string, string>();
  const leftOut = new Set<string>();
  for (;;) {
    at = skipSpace(text, at);
    if (text.charCodeAt(at + 1) === EXCLAMATION) at = skipBetween(text, at);
    if (text.charCodeAt(at + 1) === SLASH) {
      at = text.charCodeAt(at) === LESS_THAN ? endOfClosingTag(text, at, 'xml') : -1;
      for (const name of leftOut) fields.delete(name);
      return at !== -1 && skipBetween(text, at) === text.length ? fields : null;
    }
    const nameEnd = endOfName(text, at);
    if (nameEnd === -1) return null;
    const name = text.slice(at + 1, nameEnd);
    if (fields.has(name)) leftOut.add(name);
    else if (fields.size === FIELDS_MAX) return null;
    let tagEnd = nameEnd;
    if (text.charCodeAt(tagEnd) !== GREATER_THAN) tagEnd = skipSpace(text, nameEnd);
    if (text.charCodeAt(tagEnd) !== GREATER_THAN) {
      if (!isEmptyTag(text, tagEnd)) return null;
      fields.set(name, '');
      at = tagEnd + 2;
      continue;
    }
    const contentStart = skipSpace(text, tagEnd + 1);
    let content: string;
    let contentEnd: number;
    if (text.startsWith(OPEN_CDATA, contentStart)) {
      const cdataEnd = text.indexOf(CLOSE_CDATA, contentStart);
      if (cdataEnd === -1) return null;
      content = text.slice(contentStart + OPEN_CDATA.length, cdataEnd);
      contentEnd = skipSpace(text, cdataEnd + CLOSE_CDATA.length);
    } else {
      contentEnd = text.indexOf('<', contentStart);
      if (contentEnd === -1) return null;
      content = text.slice(contentStart, contentEnd);
      if (isNoText(content)) return null;
    }
    if (text.startsWith('</', contentEnd)) {
      content = content.trim();
      fields.set(name, content.includes('\r') ? content.replace(/\r\n?/g, '\n') : content);
      at = endOfClosingTag(text, contentEnd, name);
    } else {
      fields.set(name, '');
      leftOut.add(name);
      at = skipChildren(text, contentEnd, name);
    }
    if (at === -1) return null;
  }
}

/**
 * Reads any XML document with the root `<xml>`, by the general parser, which takes 40 ms for 64 kB: call it only for signed
 * text, where the scanner has no answer. Elements that repeat or contain elements are left out.
 * @returns `null` when the text is not well-formed or has another root.
 */
export function parseXmlDocument(text: string): XmlFields | null {
  if (text.length > TEXT_LENGTH_MAX || declaresType(text)) return null;
  const root = parseRoot(text);
  if (root === undefined) return null;
  const fields = new Map<string, string>();
  if (typeof root !== 'object' || root === null) return root === '' ? fields : null;
  for (const [name, value] of Object.entries(root)) {
    if (typeof value === 'string') fields.set(name, value.trim());
  }
  return fields;
}

/** Nothing that WeCom sends declares a type, and only declarations define entities. */
function declaresType(text: string): boolean {
  for (let at = text.indexOf('<!'); at !== -1; at = text.indexOf('<!', at)) {
    if (text.startsWith('<!DOCTYPE', at)) return true;
    at = text.startsWith('<![CDATA[', at) ? text.indexOf(']]>', at) : at + 2;
    if (at === -1) return false;
  }
  return false;
}

function parseRoot(text: string): unknown {
  try {
    const document: Record<string, unknown> = parser.parse(text, true);
    return Object.keys(document).length === 1 ? document.xml : undefined;
  } catch {
    return undefined;
  }
}

/** @param from where the first child begins. @returns the end of the closing tag of `parent`, or -1. */
function skipChildren(text: string, from: number, parent: string): number {
  // A comment or a second CDATA section alone would make it an element with text.
  if (endOfName(text, from) === -1) return -1;
  const open = [parent];
  let at = from;
  for (;;) {
    if (text.startsWith('</', at)) {
      at = endOfClosingTag(text, at, open.pop() ?? '');
      if (at === -1 || open.length === 0) return at;
    } else if (text.startsWith(OPEN_COMMENT, at)) at = endOf(text, CLOSE_COMMENT, at + OPEN_COMMENT.length);
    else if (text.startsWith(OPEN_CDATA, at)) at = endOf(text, CLOSE_CDATA, at);
    else {
      const nameEnd = endOfName(text, at);
      if (nameEnd === -1 || open.length === DEPTH_MAX) return -1;
      const tagEnd = skipSpace(text, nameEnd);
      if (isEmptyTag(text, tagEnd)) at = tagEnd + 2;
      else if (text.charCodeAt(tagEnd) === GREATER_THAN) {
        open.push(text.slice(at + 1, nameEnd));
        at = tagEnd + 1;
      } else return -1;
    }
    if (at === -1) return -1;
    const textEnd = text.indexOf('<', at);
    if (textEnd === -1 || isNoText(text.slice(at, textEnd))) return -1;
    at = textEnd;
  }
}

function endOfDeclaration(text: string): number {
  if (!text.startsWith('<?')) return 0;
  DECLARATION.lastIndex = 0;
  return DECLARATION.test(text) ? DECLARATION.lastIndex : 0;
}

/** Skips white space and comments. */
function skipBetween(text: string, from: number): number {
  let at = skipSpace(text, from);
  while (text.startsWith(OPEN_COMMENT, at)) {
    const end = endOf(text, CLOSE_COMMENT, at + OPEN_COMMENT.length);
    if (end === -1) return at;
    at = skipSpace(text, end);
  }
  return at;
}

/** Whether it has `&`, which begins an entity, or `]]>`, which XML forbids in a text. */
function isNoText(content: string): boolean {
  return content.includes('&') || content.includes(CLOSE_CDATA);
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? -1 : at + mark.length;
}

/** Skips what XML calls white space: space, tab, line feed, carriage return. */
function skipSpace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 9 && code !== 13) break;
  }
  return at;
}

function isEmptyTag(text: string, at: number): boolean {
  return text.charCodeAt(at) === SLASH && text.charCodeAt(at + 1) === GREATER_THAN;
}

/** @returns -1 where no such closing tag stands. */
function endOfClosingTag(text: string, at: number, name: string): number {
  if (!text.startsWith(name, at + 2)) return -1;
  const nameEnd = at + 2 + name.length;
  if (text.charCodeAt(nameEnd) === GREATER_THAN) return nameEnd + 1;
  const end = skipSpace(text, nameEnd);
  return text.charCodeAt(end) === GREATER_THAN ? end + 1 : -1;
}

/**
 * A name has letters, digits and `_`. XML allows more; WeCom uses no others.
 * @param at where the tag begins. @returns -1 where none begins.
 */
function endOfName(text: string, at: number): number {
  if (text.charCodeAt(at) !== LESS_THAN) return -1;
  const from = at + 1;
  let end = from;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122;
    const isLaterOnly = (code >= 48 && code <= 57) || code === 95;
    if (!isLetter && !(isLaterOnly && end > from)) break;
  }
  return end === from ? -1 : end;
}
