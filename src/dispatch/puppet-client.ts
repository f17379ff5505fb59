/**
 * One POST of one event to one puppet, with every limit of the contract on it. It tells what came of
 * it and decides nothing: whether to try again, to keep or to give up is the dispatcher's affair.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Dispatcher as Undici } from 'undici';
import { Clock } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { type Endpoint, type EndpointFault, readEndpoint } from '../registry/endpoint.js';
import type { Puppet } from '../registry/puppet.js';
import { type Attempt, PuppetExchange } from './attempt.js';
import type { KfEvent } from './kf-event.js';
import { OriginPools } from './origin-pools.js';

@Injectable()
export class PuppetClient {
  readonly #pools: OriginPools;
  readonly #endpoints = new WeakMap<Puppet, Endpoint | EndpointFault>();

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    this.#pools = new OriginPools(clock, log);
  }

  /** To be called when nothing is to be delivered any more. */
  async close(): Promise<void> {
    await this.#pools.close();
  }

  /** The endpoint in one form, by which failures are counted; `null` when it cannot be used. */
  originOf(puppet: Puppet): string | null {
    const endpoint = this.#endpointOf(puppet);
    return 'must' in endpoint ? null : endpoint.href;
  }

  /** Starts attempt number `attempt`, counted from 1. Never throws: what goes wrong is in the result. */
  start(puppet: Puppet, event: KfEvent, attempt: number): Attempt {
    const endpoint = this.#endpointOf(puppet);
    if ('must' in endpoint) {
      return PuppetExchange.failed('endpoint', `the registered endpoint must ${endpoint.must}`);
    }
    const pool = this.#pools.of(endpoint.origin);
    if (pool.isFull) return PuppetExchange.failed('saturated', 'too many deliveries wait for this origin');
    return new PuppetExchange(pool, toRequest(endpoint, event, attempt, this.clock.nowMs()), this.clock);
  }

  /** Parsed once for as long as the registration stands. */
  #endpointOf(puppet: Puppet): Endpoint | EndpointFault {
    let endpoint = this.#endpoints.get(puppet);
    if (endpoint === undefined) {
      endpoint = readEndpoint(puppet.endpoint);
      this.#endpoints.set(puppet, endpoint);
    }
    return endpoint;
  }
}

/** The two forms of the contract: the callback as it came, or what it said as JSON. */
function toRequest(
  endpoint: Endpoint,
  event: KfEvent,
  attempt: number,
  nowMs: number,
): Undici.DispatchOptions {
  const { raw } = event;
  return {
    method: 'POST',
    path: raw
      ? `${endpoint.basePath}/callback?msg_signature=${raw.msgSignature}&timestamp=${raw.timestamp}&nonce=${encodeURIComponent(raw.nonce)}`
      : `${endpoint.basePath}/callback/decrypted`,
    headers: [
      'content-type',
      raw ? 'text/xml' : 'application/json',
      'webhook-id',
      event.id,
      'webhook-timestamp',
      String(Math.floor(nowMs / 1000)),
      'x-wxkf-attempt',
      String(attempt),
    ],
    body: raw ? raw.body : JSON.stringify({ token: event.syncToken, openKfId: event.openKfId }),
  };
}
