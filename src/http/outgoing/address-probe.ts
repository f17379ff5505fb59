/**
 * Sends one request to an address, for commands. It reports the answer, or the step that failed. It follows no redirect.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { newAgent } from './forward-proxy.js';
import { startTimer } from '../../kernel/clock.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { failureCodeOf, isTooLong, newHttpService } from './http-service.js';

const LIMIT_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;
const DAY_MS = 86_400_000;

export interface ProbeAnswer {
  readonly status: number;
  /** The header `Location`, unchanged; `null` when there is none. */
  readonly location: string | null;
  readonly contentType: string;
  readonly body: string;
  readonly tookMs: number;
  /** The addresses that the name resolved to. */
  readonly addresses: readonly string[];
  /** Whole days until the certificate expires; `null` without TLS. */
  readonly certificateDays: number | null;
}

/** `name`: the host name has no address; `certificate`: it is not trusted; `answer`: it is longer than `bytesMax`. */
export type ProbeStep = 'name' | 'connection' | 'certificate' | 'time' | 'answer';

export class ProbeError extends Error {
  override readonly name = 'ProbeError';

  constructor(
    readonly step: ProbeStep,
    /** Node's error code; `''` when there is none. */
    readonly code: string,
    /** The addresses that were found before the failure. */
    readonly addresses: readonly string[],
  ) {
    super(`${step} ${code}`);
  }
}

export interface ProbeOptions {
  /** Left out: GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
  readonly bytesMax?: number;
}

/** Takes at most 5 s and reads at most 16 kB by default. It uses no forward proxy. @throws ProbeError */
export async function probe(url: URL, options: ProbeOptions = {}): Promise<ProbeAnswer> {
  let addresses: readonly string[] = [];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const abort = new AbortController();
  const timer = startTimer(options.limitMs ?? LIMIT_MS, () => {
    reject(new ProbeError('time', '', addresses));
    abort.abort();
  });
  const ask = async (): Promise<ProbeAnswer> => {
    addresses = await addressesOf(url);
    const startedMs = performance.now();
    const answer = await answerTo(url, options, abort.signal);
    return { ...answer, addresses, tookMs: Math.round(performance.now() - startedMs) };
  };
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    if (error instanceof ProbeError) throw error;
    if (isTooLong(error)) throw new ProbeError('answer', '', addresses);
    const code = failureCodeOf(error);
    throw new ProbeError(stepOf(code), code, addresses);
  } finally {
    timer.cancel();
  }
}

async function addressesOf({ hostname }: URL): Promise<readonly string[]> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ProbeError('name', errorCodeOf(error), []);
  }
}

async function answerTo(
  url: URL,
  { method = 'GET', body, headers: more, bytesMax }: ProbeOptions,
  signal: AbortSignal,
): Promise<Omit<ProbeAnswer, 'addresses' | 'tookMs'>> {
  let certificateDays: number | null = null;
  const agent = newAgent(url.protocol, null, {
    checkServerIdentity: (host, certificate) => {
      certificateDays = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / DAY_MS);
      return checkServerIdentity(host, certificate);
    },
  });
  const { status, headers, data } = await newHttpService().axiosRef.request<Buffer>({
    url: url.href,
    method,
    data: body,
    maxContentLength: bytesMax ?? ANSWER_BYTES_MAX,
    headers: { accept: '*/*', ...more },
    signal,
    httpAgent: agent,
    httpsAgent: agent,
  });
  const { location = null, 'content-type': contentType = '' } = headers as Readonly<Record<string, string>>;
  return { status, location, contentType, body: data.toString('utf8'), certificateDays };
}

/** Error codes about the certificate: OpenSSL's own, and Node's for a certificate of another host. */
const CERTIFICATE_FAULT = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function stepOf(code: string): ProbeStep {
  return CERTIFICATE_FAULT.test(code) ? 'certificate' : 'connection';
}
