/**
 * One request to an address, for the shell. It reports the answer, or the step that failed. Redirects are not
 * followed.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { newAgent } from '../http/outgoing/forward-proxy.js';
import { startTimer } from '../kernel/clock.js';
import { errorCodeOf } from '../kernel/error-code.js';
import { failureCodeOf, isTooLong, newHttpService } from './client/http-service.js';

const LIMIT_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;
const DAY_MS = 86_400_000;

export interface ProbeAnswer {
  readonly status: number;
  /** The target of a redirect, unchanged. */
  readonly location: string | null;
  readonly contentType: string;
  readonly body: string;
  readonly tookMs: number;
  /** The addresses that the name resolved to. */
  readonly addresses: readonly string[];
  /** How long the certificate is still good, whole days; `null` without TLS. */
  readonly certificateDays: number | null;
}

/** `name`: it leads to no address; `certificate`: not one to be trusted; `answer`: longer than it may be. */
export type ProbeStep = 'name' | 'connection' | 'certificate' | 'time' | 'answer';

export class ProbeError extends Error {
  override readonly name = 'ProbeError';

  constructor(
    readonly step: ProbeStep,
    /** What Node calls it; `''` where it has no name. */
    readonly code: string,
    /** Found until then. */
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

/** Takes 5 s and 16 kB at most unless told otherwise, and goes through no proxy. @throws ProbeError */
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

/** OpenSSL's names of what is wrong with a certificate, and Node's for one of another host. */
const CERTIFICATE_FAULT = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function stepOf(code: string): ProbeStep {
  return CERTIFICATE_FAULT.test(code) ? 'certificate' : 'connection';
}
