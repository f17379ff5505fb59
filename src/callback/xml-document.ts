import { XMLParser } from 'fast-xml-parser';
import { scanXml, type XmlFields } from './xml-scanner.js';

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

/**
 * Reads any XML document with the root `<xml>`. The scanner reads the known shapes quickly. The general
 * parser reads every other shape and takes 40 ms for 64 kB, so call this only for signed text. Elements that
 * repeat or contain elements are left out.
 * @returns `null` when the text is not well-formed or has another root.
 */
export function readXml(text: string): XmlFields | null {
  return scanXml(text) ?? parseXmlDocument(text);
}

/** What `readXml` does without the scanner. Exported for the test that compares both. */
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
