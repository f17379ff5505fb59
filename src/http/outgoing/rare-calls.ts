/**
 * Rare calls to others, such as for access tokens, notifications and sign-in, within limits: a deadline for the whole call, few
 * connections for each party, a short answer. It does not interpret the answer.
 */
import type { Agent } from 'node:http';
import { HttpService } from '@nestjs/axios';
import { type ForwardProxies, type ForwardProxy, forwardProxyFor } from '../../config/forward-proxy.js';
import type { Clock } from '../../kernel/clock.js';
import { Places } from '../../kernel/places.js';
import { newAgent, PROXY_AUTHENTICATION_REQUIRED, ProxyRefusal, proxyFaultOf } from './forward-proxy.js';
import { failureCodeOf, isTooLong } from './http-service.js';

/**
 * Per party. One whose calls hang cannot use up the connections of others. The limit of Node's agents does not work here: they
 * count a tunnel only once it is open.
 */
const CONNECTIONS = 4;
/** Per party: calls that run or wait for a connection. */
const CALLS_MAX = 64;
/** Shorter than the deadline of any call, so that a silent proxy is reported as such. */
const CONNECT_MS = 4_500;

export interface RareCall {
  /** Whose connections it takes: a corp, a receiver of notifications, a provider of sign-in. */
  readonly party: string;
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** A header with `null` is not sent. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body?: string;
  /** For the whole call, including the wait for a connection. */
  readonly limitMs: number;
}

export interface RareReply {
  readonly status: number;
  readonly text: string;
}

/** How an origin is reached. */
interface Way {
  readonly agent: Agent;
  readonly proxy: ForwardProxy | null;
}

export class RareCalls {
  /** By origin. */
  readonly #ways = new Map<string, Way>();
  /** By party. */
  readonly #places = new Places();
  readonly #calls = new Set<AbortController>();
  #isClosed = false;

  constructor(
    private readonly http: HttpService,
    private readonly proxies: ForwardProxies,
    private readonly clock: Clock,
  ) {}

  /** Rejects with an Error. Its message says what went wrong, and repeats nothing of the call. */
  async send(call: RareCall): Promise<RareReply> {
    if (this.#isClosed) throw new Error('the manager ends');
    if (this.#places.countOf(call.party) >= CALLS_MAX) throw new Error('too many requests are under way');
    const abort = new AbortController();
    const late = new Error('no complete answer in time');
    const deadline = this.clock.after(call.limitMs, () => abort.abort(late));
    this.#calls.add(abort);
    try {
      const leave = await this.#places.take(call.party, CONNECTIONS, { signal: abort.signal });
      return await this.#exchange(call, abort.signal).finally(leave);
    } finally {
      deadline.cancel();
      this.#calls.delete(abort);
    }
  }

  async #exchange({ method, url, headers, body }: RareCall, signal: AbortSignal): Promise<RareReply> {
    const { agent, proxy } = this.#wayTo(url);
    try {
      const { status, data } = await this.http.axiosRef.request<Buffer>({
        method,
        url: url.href,
        headers,
        data: body,
        signal,
        httpAgent: agent,
        httpsAgent: agent,
      });
      if (proxy !== null && status === PROXY_AUTHENTICATION_REQUIRED) throw new ProxyRefusal(status);
      return { status, text: data.toString('utf8') };
    } catch (error) {
      // An error of axios contains the whole call, and the URL contains the secret. So a new error is made.
      throw signal.aborted ? signal.reason : new Error(reasonOf(error, proxy));
    }
  }

  /** Counts open connections to these origins. Other hosts may be secret, as those of receivers of notifications. */
  *sockets(origins: ReadonlySet<string>): Generator<readonly [origin: string, sockets: number]> {
    for (const [origin, { agent }] of this.#ways) {
      if (!origins.has(origin)) continue;
      const all = Object.values(agent.sockets).flatMap((some = []) => some);
      yield [origin, all.filter(({ connecting }) => !connecting).length];
    }
  }

  /** Makes running calls and later ones fail. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls) call.abort(new Error('the manager ends'));
  }

  #wayTo(url: URL): Way {
    let way = this.#ways.get(url.origin);
    if (way === undefined) {
      const proxy = forwardProxyFor(this.proxies, url);
      // Connections are not reused: a corp's next call is hours away.
      way = { agent: newAgent(url.protocol, proxy, { timeout: CONNECT_MS }), proxy };
      this.#ways.set(url.origin, way);
    }
    return way;
  }
}

function reasonOf(error: unknown, proxy: ForwardProxy | null): string {
  if (isTooLong(error)) return 'the answer is too long';
  const failure = error instanceof Error ? (error.cause ?? error) : error;
  return proxyFaultOf(proxy, failure) ?? `the connection failed (${failureCodeOf(error) || 'unknown'})`;
}
