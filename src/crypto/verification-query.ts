import { randomInt } from 'node:crypto';
import type { Secret } from '../kernel/secret.js';
import { signatureOf, WecomCipher } from './wecom-cipher.js';

/** WeCom's echo is a number of 16 to 20 digits. */
const ECHO_DIGITS = 19;
/** The manager's own echo has this before its digits. */
const OWN = 'check';
const OWN_ECHO = new RegExp(`^${OWN}\\d{${ECHO_DIGITS}}$`);

/** The question that WeCom asks a callback URL when it is saved. */
export interface VerificationQuery {
  /** `msg_signature`, `timestamp`, `nonce` and `echostr`, for the URL. */
  readonly query: string;
  /** The text that the URL has to answer. */
  readonly echo: string;
}

interface Keys {
  readonly corpId: string;
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
}

/** Each call gives a new one. `isOwnEcho` tells it from WeCom's. */
export function toVerificationQuery(keys: Keys, nowMs: number): VerificationQuery {
  const digits = Array.from({ length: ECHO_DIGITS }, () => randomInt(1, 10)).join('');
  const echo = OWN + digits;
  const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), String(randomInt(1e9, 1e10))];
  const echostr = new WecomCipher(keys.encodingAESKey).seal(echo, keys.corpId);
  const signature = signatureOf(keys.callbackToken, timestamp, nonce, echostr);
  const query = { msg_signature: signature, timestamp, nonce, echostr };
  return { query: String(new URLSearchParams(query)), echo };
}

/** Whether the manager sent this itself, to try a callback URL. It does not prove that WeCom has verified the URL. */
export function isOwnEcho(echo: string): boolean {
  return OWN_ECHO.test(echo);
}
