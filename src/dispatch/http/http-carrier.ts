/**
 * One POST of one parcel to one endpoint, within every limit. It reports the result and decides nothing: its callers
 * decide whether to try again, to keep the event or to give up.
 */
import { Inject, Injectable } from '@nestjs/common';
import { ConnectionPools, type PoolLimits } from '../../http/outgoing/connection-pools.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { type Span, Tracing, toServerAttributes } from '../../kernel/tracing.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { botIdOf, type Endpoint, isStream } from '../../registry/endpoint/endpoint.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import {
  type CarrierCriteria,
  Carrier,
  type ShownAttempt,
  type VerificationResult,
} from '../endpoint/carrier.js';
import { type Attempt, failedAttempt, type OnEnd } from '../endpoint/attempt.js';
import { hasPulledOf, type Parcel } from '../endpoint/parcel.js';
import { Exchange } from './exchange.js';
import { formFor } from './forms.js';
import { judgedLookup } from './judged-lookup.js';
import { ShownExchange } from './shown-exchange.js';
import { askForEcho } from './verification.js';

/** Sockets per origin: enough for thousands of deliveries a second, few enough to leave others their share. */
const LIMITS: PoolLimits = {
  sockets: 32,
  exchanges: 512,
  // The deployed puppet closes a connection that was idle for 5 s.
  keepAliveMs: 3_000,
  connectMs: 5_000,
};
/** With more than this many deliveries under way, an origin gets only incoming events; its hints wait. */
const CROWDED_DELIVERIES = 2 * LIMITS.sockets;

const FULL = 'too many deliveries wait for this origin';

/** Carries to puppets, and to bots that have a URL. */
@Injectable()
export class HttpCarrier extends Carrier {
  readonly pools: ConnectionPools;

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
    policy: EndpointPolicy,
    private readonly tracing: Tracing,
  ) {
    super();
    this.pools = new ConnectionPools(LIMITS, clock, log, judgedLookup(policy));
  }

  /** Call it when nothing is to be delivered any more. */
  async close(): Promise<void> {
    await this.pools.close();
  }

  override takes({ bot, endpoint, isPulled }: CarrierCriteria): boolean {
    if (isPulled || (endpoint !== null && isStream(endpoint))) return false;
    return bot === null || bot.kind === 'puppet' || bot.kind === 'callback';
  }

  override start(parcel: Parcel, to: Destination, onEnd: OnEnd): Attempt {
    return this.#start(Exchange, parcel, to, onEnd);
  }

  override startShown(parcel: Parcel, to: Destination, onEnd: OnEnd): ShownAttempt {
    const attempt = this.#start(ShownExchange, parcel, to, onEnd);
    const whenAnswered = async () => (attempt instanceof ShownExchange ? attempt.whenAnswered() : null);
    return { result: attempt.result, whenAnswered };
  }

  /** Deliveries under way to the origin of the endpoint; for a callback bot only its own. */
  override underWayTo({ endpoint }: Pick<Destination, 'endpoint'>): number {
    return endpoint === null ? 0 : this.pools.underWayOf(poolOf(endpoint));
  }

  override isCrowded(to: Pick<Destination, 'endpoint'>): boolean {
    return this.underWayTo(to) >= CROWDED_DELIVERIES;
  }

  override verify(bot: KnownBot): Promise<VerificationResult> {
    return askForEcho(bot, this.clock, ({ url, request, limitMs }) => {
      const pool = this.pools.of(url.origin, poolOf(url));
      if (pool.isFull) {
        const { result } = failedAttempt('saturated', FULL, () => {});
        return { result, whenAnswered: async () => null };
      }
      const attempt = new ShownExchange(pool, request, this.clock, limitMs, () => {}).send();
      return { result: attempt.result, whenAnswered: () => attempt.whenAnswered() };
    });
  }

  #start(Kind: typeof Exchange, parcel: Parcel, to: Destination, onEnd: OnEnd): Attempt {
    const { endpoint } = to;
    if (endpoint === null) return failedAttempt('endpoint', to.fault, onEnd);
    const pool = this.pools.of(endpoint.origin, poolOf(endpoint));
    if (pool.isFull) return failedAttempt('saturated', FULL, onEnd);
    const form = formFor(to, parcel);
    const span = this.tracing.start('client', 'deliver', parcel.trace);
    const request = form.toRequest(endpoint, parcel, this.clock.nowMs(), span?.context ?? parcel.trace);
    const exchange = new Kind(pool, request, this.clock, form.limitMs, onEnd, hasPulledOf(parcel)).send();
    if (span !== null) record(span, endpoint, parcel, exchange);
    return exchange;
  }
}

/** A callback bot has sockets of its own, so a bot that answers slowly takes none from others at its origin. */
function poolOf({ origin, href }: Endpoint): string {
  const botId = botIdOf(href);
  return botId === null ? origin : `${origin}#${botId}`;
}

function record(
  span: Span,
  { origin }: Endpoint,
  { corpId, openKfId, attempt }: Parcel,
  { result }: Attempt,
): void {
  span.set({
    ...toServerAttributes(origin),
    'http.request.method': 'POST',
    'wxkf.corp_id': corpId,
    'wxkf.open_kf_id': openKfId,
    'wxkf.attempt': attempt,
  });
  void result.then((ended) => {
    if (ended.taken) span.set({ 'http.response.status_code': ended.status });
    span.end(ended.taken ? undefined : ended.stage);
  });
}
