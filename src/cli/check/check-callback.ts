import type { VerificationQuery } from '../../crypto/verification-query.js';
import { CORP_ID_FORMAT } from '../../kernel/wecom-format.js';
import { type ProbeAnswer, ProbeError, probe } from '../../http/outgoing/address-probe.js';
import { reasonOfAnswer, reasonOfFailure } from './callback-reasons.js';
import { type Finding, failed, ok, warning } from './finding.js';

/** Shorter than the 5 s that WeCom waits. */
const SLOW_MS = 1_000;
const CERTIFICATE_DAYS_MIN = 14;

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

/** Why the callback URL cannot be checked. */
export function noKeysOf({ corpId }: CallbackTarget): string {
  const whose = corpId === null ? 'any corp' : `corp ${corpId}`;
  return `no Token and EncodingAESKey of ${whose} are known; add its app in the console (Connect a WeCom app) or in WECOM_APPS_FILE`;
}

/** A verification signed with keys of the corp. */
export interface SignedVerification extends VerificationQuery {
  readonly corpId: string;
  /** Where the keys come from. */
  readonly from: string;
}

/** Asks the manager behind the public address to verify itself, as WeCom does when the URL is saved. */
export function checkCallback(
  { base }: CallbackTarget,
  verification: SignedVerification,
): AsyncGenerator<Finding> {
  return judge(`${base}/${verification.corpId}`, verification);
}

async function* judge(address: string, { query, echo, from }: SignedVerification): AsyncGenerator<Finding> {
  try {
    const answer = await probe(new URL(`${address}?${query}`));
    const reason = answer.status === 200 && answer.body === echo ? null : reasonOfAnswer(answer, from);
    if (reason === null) yield describe(address, answer, from);
    else yield failed('callback', `${address} ${reason}`);
    if (answer.certificateDays !== null && answer.certificateDays < CERTIFICATE_DAYS_MIN) {
      yield warning('callback', `its certificate ends in ${answer.certificateDays} day(s); have it renewed`);
    }
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    yield failed('callback', `${address} ${reasonOfFailure(error)}`);
  }
}

function describe(address: string, answer: ProbeAnswer, from: string): Finding {
  const { tookMs, certificateDays, addresses } = answer;
  const certificate = certificateDays === null ? '' : `, certificate good for ${certificateDays} day(s)`;
  const text = `${address} (${addresses.join(', ')}${certificate}) verifies itself with the keys of ${from}, in ${tookMs} ms`;
  if (tookMs <= SLOW_MS) return ok('callback', text);
  return warning(
    'callback',
    `${text}, which is slow: WeCom waits 5 s; look at the proxy in front and the network`,
  );
}
