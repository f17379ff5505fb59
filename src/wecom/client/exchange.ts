/**
 * One rare request over Node's own client, and its whole answer. Bodies and statuses come unchanged, and redirects are not
 * followed. Calls for every message use undici instead (docs/internals/adr/0014).
 */
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

/** Far more than any answer to gettoken needs. */
const ANSWER_BYTES_MAX = 65_536;

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  /** A header with `null` is not sent. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body?: string | undefined;
  readonly agent: Agent;
  /** Brings the deadline: there is no other one. */
  readonly signal: AbortSignal;
  readonly bytesMax?: number | undefined;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/** @throws AnswerTooLong, the signal's error, or Node's error of the connection */
export async function exchange(asked: ExchangeRequest): Promise<ExchangeAnswer> {
  const response = await answerTo(asked);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // To leave the loop closes the connection.
    if (bytes > (asked.bytesMax ?? ANSWER_BYTES_MAX)) throw new AnswerTooLong();
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

function answerTo({ method, url, headers, body, agent, signal }: ExchangeRequest): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? overHttps : overHttp;
  const own = { 'accept-encoding': 'identity', 'user-agent': 'wxkf-manager', ...headers };
  const sent = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
  return new Promise((resolve, reject) => {
    send(url, { method, headers: sent as Record<string, string>, agent, signal })
      .on('response', resolve)
      // It stays: a connection may also fail while the answer comes, and then the answer has the error, too.
      .on('error', reject)
      .end(body);
  });
}
