/**
 * Rare calls to others, such as for access tokens, notifications and sign-in, within limits: a deadline for the whole call, few
 * connections for each party, a short answer. It does not interpret the answer.
 */
import type { Agent } from 'node:http';
import { HttpService } from '@nestjs/axios';
import { type ForwardProxies, type ForwardProxy, forwardProxyFor } from '../../config/forward-proxy.js';
import type { Clock } from '../../kernel/clock.js';
import { newAgent, PROXY_AUTHENTICATION_REQUIRED, ProxyRefusal, proxyFaultOf } from './forward-proxy.js';
import { failureCodeOf, isTooLong } from './http-service.js';

/** Per party. One whose calls hang cannot use up the connections of others. */
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

/** Limits the calls of one party. The limit of Node's agents does not work here: they count a tunnel only once it is open. */
class PartyCalls {
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  get isFull(): boolean {
    return this.#underWay + this.#waiting.size >= CALLS_MAX;
  }

  /** Resolves when it is the call's turn. Rejects with the signal's reason when that aborts first. */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#underWay < CONNECTIONS) {
      this.#underWay++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal.addEventListener('abort', () => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    });
    await promise;
  }

  /** Ends a call. The next one that waits begins. */
  end(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#underWay--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** How an origin is reached. */
interface Way {
  readonly agent: Agent;
  readonly proxy: ForwardProxy | null;
}

export class RareCalls {
  /** By origin. */
  readonly #ways = new Map<string, Way>();
  readonly #parties = new Map<string, PartyCalls>();
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
    const its = this.#parties.get(call.party) ?? new PartyCalls();
    if (its.isFull) throw new Error('too many requests are under way');
    this.#parties.set(call.party, its);
    const abort = new AbortController();
    const late = new Error('no complete answer in time');
    const deadline = this.clock.after(call.limitMs, () => abort.abort(late));
    this.#calls.add(abort);
    try {
      await its.begin(abort.signal);
      try {
        return await this.#exchange(call, abort.signal);
      } finally {
        its.end();
      }
    } finally {
      deadline.cancel();
      this.#calls.delete(abort);
      if (its.isIdle) this.#parties.delete(call.party);
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
