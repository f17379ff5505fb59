import { isAscii } from 'node:buffer';
import { AppError } from '../kernel/app-error.js';
import { scanXml } from './xml-scanner.js';

/**
 * The encrypted text of a callback's body. The other elements of the envelope are not read: WeCom's
 * signature does not cover them. Anybody can send an envelope, so only the scanner reads it.
 * @throws AppError `CALLBACK_ENVELOPE_MALFORMED`
 */
export function parseEnvelope(body: Buffer): string {
  const text = isAscii(body) ? body.toString('latin1') : decodeUtf8(body);
  const fields = text === null ? null : scanXml(text);
  const encrypted = fields?.get('Encrypt');
  if (!encrypted) {
    throw new AppError('CALLBACK_ENVELOPE_MALFORMED', { detail: reasonOf(body, fields !== null) });
  }
  return encrypted;
}

/** `null` when it is not UTF-8; a byte order mark is dropped. */
function decodeUtf8(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}

function reasonOf(body: Buffer, isXml: boolean): string {
  if (body.length === 0) return 'the body is empty';
  return isXml
    ? 'there is not exactly one <Encrypt> with text'
    : 'the body is not well-formed XML of the kind that WeCom sends';
}
