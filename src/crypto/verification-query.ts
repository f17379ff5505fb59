import { randomInt } from 'node:crypto';
import type { Secret } from '../kernel/secret.js';
import { signatureOf, WecomCipher } from './wecom-cipher.js';

/** WeCom's echostr is a number of as many digits, and the manager's own has this before them. */
const ECHO_DIGITS = 19;
const OWN = 'check';
const OWN_ECHO = new RegExp(`^${OWN}\\d{${ECHO_DIGITS}}$`);

/** What WeCom asks a callback URL when it is saved. */
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

/** Another one at each call, which `isOwnEcho` tells from WeCom's. */
export function toVerificationQuery(keys: Keys, nowMs: number): VerificationQuery {
  const digits = Array.from({ length: ECHO_DIGITS }, () => randomInt(1, 10)).join('');
  const echo = OWN + digits;
  const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), String(randomInt(1e9, 1e10))];
  const echostr = new WecomCipher(keys.encodingAESKey).seal(echo, keys.corpId);
  const signature = signatureOf(keys.callbackToken, timestamp, nonce, echostr);
  const query = { msg_signature: signature, timestamp, nonce, echostr };
  return { query: String(new URLSearchParams(query)), echo };
}

/** Whether the manager asked itself, to try a callback URL: that WeCom has verified it is not known then. */
export function isOwnEcho(echo: string): boolean {
  return OWN_ECHO.test(echo);
}
