/** One GET to an address, for the shell: told are what came back, or at which step it failed. Redirects are not followed. */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { startTimer } from '../kernel/clock.js';
import { errorCodeOf } from '../kernel/error-code.js';

const LIMIT_MS = 5_000;
const ANSWER_BYTES_MAX = 16_384;
const DAY_MS = 86_400_000;

export interface ProbeAnswer {
  readonly status: number;
  /** Of a redirect, as it came. */
  readonly location: string | null;
  readonly contentType: string;
  readonly body: string;
  readonly tookMs: number;
  /** To which the name led. */
  readonly addresses: readonly string[];
  /** How long the certificate is still good, whole days; `null` without TLS. */
  readonly certificateDays: number | null;
}

/** `name`: it leads to no address; `certificate`: not one to be trusted; `answer`: longer than 16 kB. */
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

/** Takes 5 s and 16 kB at most. @throws ProbeError */
export async function probe(url: URL, limitMs = LIMIT_MS): Promise<ProbeAnswer> {
  let request: ClientRequest | undefined;
  let addresses: readonly string[] = [];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = startTimer(limitMs, () => {
    reject(new ProbeError('time', '', addresses));
    request?.destroy();
  });
  const ask = async (): Promise<ProbeAnswer> => {
    addresses = await addressesOf(url);
    const startedMs = performance.now();
    request = send(url);
    const answer = await answerTo(request);
    return { ...answer, addresses, tookMs: Math.round(performance.now() - startedMs) };
  };
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    if (error instanceof ProbeError) throw error;
    throw new ProbeError(stepOf(errorCodeOf(error)), errorCodeOf(error), addresses);
  } finally {
    timer.cancel();
    request?.destroy();
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

function send(url: URL): ClientRequest {
  const options = { agent: false, headers: { accept: '*/*', 'user-agent': 'wxkf-manager' } };
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  // It may be destroyed when nobody awaits it any more.
  return request.on('error', () => {}).end();
}

async function answerTo(request: ClientRequest): Promise<Omit<ProbeAnswer, 'addresses' | 'tookMs'>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const certificateDays = daysOf(response);
  const { location = null, 'content-type': contentType = '' } = response.headers;
  const body = await bodyOf(response);
  return { status: response.statusCode ?? 0, location, contentType, body, certificateDays };
}

function daysOf({ socket }: IncomingMessage): number | null {
  if (!(socket instanceof TLSSocket)) return null;
  return Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY_MS);
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new ProbeError('answer', '', []);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** OpenSSL's names of what is wrong with a certificate, and Node's for one of another host. */
const CERTIFICATE_FAULT = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function stepOf(code: string): ProbeStep {
  return CERTIFICATE_FAULT.test(code) ? 'certificate' : 'connection';
}
