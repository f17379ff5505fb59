import { randomInt } from 'node:crypto';
import type { Secret } from '../kernel/secret.js';
import { signatureOf, WecomCipher } from './wecom-cipher.js';

/** WeCom's echostr is a number of this kind. */
const ECHO_DIGITS = 19;

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

/** Another one at each call. */
export function toVerificationQuery(keys: Keys, nowMs: number): VerificationQuery {
  const echo = Array.from({ length: ECHO_DIGITS }, () => randomInt(1, 10)).join('');
  const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), String(randomInt(1e9, 1e10))];
  const echostr = new WecomCipher(keys.encodingAESKey).seal(echo, keys.corpId);
  const signature = signatureOf(keys.callbackToken, timestamp, nonce, echostr);
  const query = { msg_signature: signature, timestamp, nonce, echostr };
  return { query: String(new URLSearchParams(query)), echo };
}
