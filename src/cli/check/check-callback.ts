import { randomInt } from 'node:crypto';
import { signatureOf, WecomCipher } from '../../crypto/wecom-cipher.js';
import { CORP_ID_FORMAT } from '../../kernel/wecom-format.js';
import { type ProbeAnswer, ProbeError, probe } from '../../wecom/address-probe.js';
import { reasonOfAnswer, reasonOfFailure } from './callback-reasons.js';
import { type Finding, failed, ok, warning } from './finding.js';
import type { CallbackKeys, KnownSecrets } from './known-secrets.js';

/** Shorter than the 5 s that WeCom waits. */
const SLOW_MS = 1_000;
const CERTIFICATE_DAYS_MIN = 14;
/** WeCom's echostr is a number of this kind. */
const ECHO_DIGITS = 19;

export interface CallbackTarget {
  /** Up to `/callback`, without a slash at its end. */
  readonly base: string;
  /** `null` when the URL does not name one. */
  readonly corpId: string | null;
}

/** Parses a base such as `https://kf.example.com`, or a whole callback URL. */
export function readCallbackUrl(text: string): CallbackTarget | { readonly mistake: string } {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return {
      mistake: 'must be a URL like https://kf.example.com or https://kf.example.com/callback/<corpId>',
    };
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return { mistake: 'must have no user, password, query or fragment' };
  }
  const [, path = '', corpId = null] = /^(.*?)(?:\/callback(?:\/([^/]*))?)?\/*$/.exec(url.pathname) ?? [];
  if (corpId !== null && corpId !== '' && !CORP_ID_FORMAT.pattern.test(corpId)) {
    return { mistake: `must end with a corpId, ${CORP_ID_FORMAT.expected}` };
  }
  return { base: `${url.origin}${path.replace(/\/+$/, '')}/callback`, corpId: corpId || null };
}

/** Asks the manager behind the public address to verify itself, as WeCom does when the URL is saved. */
export async function* checkCallback(
  { base, corpId }: CallbackTarget,
  { callbackKeys: keys }: KnownSecrets,
): AsyncGenerator<Finding> {
  if (keys === null) {
    const whose = corpId === null ? 'any corp' : `corp ${corpId}`;
    yield failed(
      'callback',
      `no Token and EncodingAESKey of ${whose} can be read here; add its app in the console or in WECOM_APPS_FILE, or run this where the store can be read`,
    );
    return;
  }
  yield* judge(`${base}/${keys.corpId}`, keys);
}

async function* judge(address: string, keys: CallbackKeys): AsyncGenerator<Finding> {
  const { url, echo } = toVerification(address, keys);
  try {
    const answer = await probe(url);
    const reason = answer.status === 200 && answer.body === echo ? null : reasonOfAnswer(answer, keys);
    if (reason === null) yield describe(address, answer, keys);
    else yield failed('callback', `${address} ${reason}`);
    if (answer.certificateDays !== null && answer.certificateDays < CERTIFICATE_DAYS_MIN) {
      yield warning('callback', `its certificate ends in ${answer.certificateDays} day(s); have it renewed`);
    }
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    yield failed('callback', `${address} ${reasonOfFailure(error)}`);
  }
}

function toVerification(address: string, { corpId, callbackToken, encodingAESKey }: CallbackKeys) {
  const echo = Array.from({ length: ECHO_DIGITS }, () => randomInt(1, 10)).join('');
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1_000)), String(randomInt(1e9, 1e10))];
  const echostr = new WecomCipher(encodingAESKey).seal(echo, corpId);
  const signature = signatureOf(callbackToken, timestamp, nonce, echostr);
  const query = { msg_signature: signature, timestamp, nonce, echostr };
  return { url: new URL(`${address}?${new URLSearchParams(query)}`), echo };
}

function describe(address: string, answer: ProbeAnswer, { from }: CallbackKeys): Finding {
  const { tookMs, certificateDays, addresses } = answer;
  const certificate = certificateDays === null ? '' : `, certificate good for ${certificateDays} day(s)`;
  const text = `${address} (${addresses.join(', ')}${certificate}) verifies itself with the keys of ${from}, in ${tookMs} ms`;
  if (tookMs <= SLOW_MS) return ok('callback', text);
  return warning('callback', `${text}, which is slow: WeCom waits 5 s; look at what is in between`);
}
