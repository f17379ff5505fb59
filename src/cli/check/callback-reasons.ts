/** Why a callback URL cannot be verified, and what to do. Nothing of an answer is repeated but its codes. */
import type { ProbeAnswer, ProbeError } from '../../http/outgoing/address-probe.js';

/** Remedies by the manager's own error codes. */
const MANAGER_REASONS: readonly [RegExp, string][] = [
  [
    /^CALLBACK_CORP_UNKNOWN$/,
    'leads to a manager that does not know this corp; it has another store or other apps',
  ],
  [
    /^CALLBACK_SIGNATURE_MISMATCH$/,
    'leads to a manager that has another Token for this corp; compare both with WeCom’s page',
  ],
  [
    /^CIPHER_/,
    'leads to a manager that has another EncodingAESKey for this Token; compare both with WeCom’s page',
  ],
  [/^CALLBACK_RECEIVE_ID_MISMATCH$/, 'leads to a manager that expects another receiver for this corp'],
  [
    /^CALLBACK_TIMESTAMP_OFF$/,
    'leads to a manager whose clock differs from that of this machine; have both set by NTP',
  ],
  [/^(CALLBACK|AUTH)_TOO_MANY_/, 'was asked too often from this address within a minute; try again then'],
  [
    /^ROUTE_/,
    'leads to a manager, by another path; the proxy in front must pass /callback/<corpId> on as it is',
  ],
];

/** @returns a text to follow the URL. @param from where the keys come from */
export function reasonOfAnswer({ status, location, contentType, body }: ProbeAnswer, from: string): string {
  if (status >= 300 && status < 400) {
    return `is redirected (${status}${targetOf(location)}); give WeCom, and this check, the URL that answers itself`;
  }
  const code = codeOf(body);
  const known = MANAGER_REASONS.find(([pattern]) => code !== null && pattern.test(code));
  if (known !== undefined) return `${known[1]} (${status} ${code}; asked with the keys of ${from})`;
  if (code !== null) return `is answered ${status} ${code} by a manager; its log says why`;
  if (/html/i.test(contentType) || /^\s*</.test(body)) {
    return `is answered ${status} with a page, not by a manager; the proxy in front must pass /callback/ on to it`;
  }
  if (status >= 502 && status <= 504) {
    return `is answered ${status} by a proxy in front, which does not reach the manager`;
  }
  if (status === 200)
    return 'is answered 200 with another text than the one sent; the proxy in front must not change the body';
  return `is answered ${status}, not by a manager; look at the proxy in front of it`;
}

/** @returns a text to follow the URL. */
export function reasonOfFailure({ step, code, addresses }: ProbeError): string {
  const at = addresses.length === 0 ? '' : ` at ${addresses.join(', ')}`;
  switch (step) {
    case 'name':
      return `has a name that leads nowhere (${code}); look at its DNS record`;
    case 'connection':
      return `cannot be reached${at} (${code}); ${code === 'EPROTO' ? 'what listens there speaks no TLS' : 'look whether something listens there, and at firewalls'}`;
    case 'certificate':
      return `has a certificate that is not trusted (${code}); ${remedyOf(code)}`;
    case 'time':
      return `has not answered${at} within 5 s, which is all that WeCom waits`;
    case 'answer':
      return 'is answered with more than 16 kB, not by a manager; look at the proxy in front of it';
    default:
      return step satisfies never;
  }
}

function remedyOf(code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'have it renewed';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'get one for this host name';
  if (code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    return 'have the server send the intermediate certificates, too';
  return 'get one of a public authority';
}

/** Reads the code of the manager's JSON. */
function codeOf(body: string): string | null {
  try {
    const { error } = JSON.parse(body);
    return typeof error === 'string' && /^[A-Z_]{1,60}$/.test(error) ? error : null;
  } catch {
    return null;
  }
}

/** Drops the query, which may repeat ours. */
function targetOf(location: string | null): string {
  const url = URL.parse(location ?? '');
  return url === null ? '' : ` to ${url.origin}${url.pathname}`;
}
