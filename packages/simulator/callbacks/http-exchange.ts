/** One request as WeCom sends it to a callback URL: own connection, no redirects, and an end to its patience. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../clock.js';

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it; then the connection is closed. */
  readonly timeoutMs: number;
}

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** Too slow. */
  | { readonly kind: 'cut' }
  /** Refused, reset, unknown host and the like. */
  | { readonly kind: 'failed'; readonly reason: string };

/** As it was captured from WeCom. */
const HEADERS = {
  'User-Agent': 'Mozilla/4.0',
  Accept: '*/*',
  Pragma: 'no-cache',
  'Cache-Control': 'no-cache',
};
/** More of an answer is not read. */
const ANSWER_BYTES_MAX = 16_384;

/** Never rejects. */
export async function exchange(asked: ExchangeRequest, clock: Clock, closing: AbortSignal): Promise<Outcome> {
  const { url, method, headers, body, timeoutMs } = asked;
  const limit = new AbortController();
  const timer = clock.after(timeoutMs, () => limit.abort());
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const signal = AbortSignal.any([limit.signal, closing]);
      const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const request = send(url, {
        method,
        agent: false,
        signal,
        headers: { ...HEADERS, ...headers, ...length },
      });
      request.on('response', resolve).on('error', reject).end(body);
    });
    return { kind: 'answered', status: response.statusCode ?? 0, body: await textOf(response) };
  } catch (error) {
    return limit.signal.aborted ? { kind: 'cut' } : { kind: 'failed', reason: reasonOf(error) };
  } finally {
    timer.cancel();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES_MAX);
}

/** The system's code where there is one, such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
