/**
 * One POST of one event to one endpoint, within every limit. It reports the result and decides nothing: its callers
 * decide whether to try again, to keep the event or to give up.
 */
import { Inject, Injectable } from '@nestjs/common';
import { ConnectionPools, type PoolLimits } from '../../http/outgoing/connection-pools.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { type Span, Tracing, toServerAttributes } from '../../kernel/tracing.js';
import { botIdOf, type Endpoint } from '../../registry/endpoint/endpoint.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { type Attempt, type OnEnd, Exchange } from './attempt.js';
import { judgedLookup } from './judged-lookup.js';
import type { KfEvent } from './kf-event.js';
import type { DeliveryForm } from './delivery-form.js';
import { type ShownAnswer, ShownExchange } from './shown-exchange.js';

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

export interface ShownAttempt extends Pick<Attempt, 'result'> {
  /** See `ShownExchange.whenAnswered`. */
  whenAnswered(): Promise<ShownAnswer | null>;
}

@Injectable()
export class DeliveryClient {
  readonly pools: ConnectionPools;

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) log: Log,
    policy: EndpointPolicy,
    private readonly tracing: Tracing,
  ) {
    this.pools = new ConnectionPools(LIMITS, clock, log, judgedLookup(policy));
  }

  /** Call it when nothing is to be delivered any more. */
  async close(): Promise<void> {
    await this.pools.close();
  }

  /** Whether the origin is too busy for hints. */
  isCrowded(endpoint: Endpoint): boolean {
    return this.underWayTo(endpoint) >= CROWDED_DELIVERIES;
  }

  /** Deliveries under way to the origin of the endpoint; for a callback bot only its own. */
  underWayTo(endpoint: Endpoint): number {
    return this.pools.underWayOf(poolOf(endpoint));
  }

  /**
   * Starts attempt number `attempt`, counted from 1. Never throws: the result tells what went wrong.
   * @param tracestate that came with the event's `traceparent`.
   */
  start(
    endpoint: Endpoint,
    form: DeliveryForm,
    event: KfEvent,
    attempt: number,
    onEnd: OnEnd,
    tracestate: string | null = null,
  ): Attempt {
    return this.#start(Exchange, endpoint, form, event, attempt, onEnd, tracestate);
  }

  /** Starts a first attempt for an operator, who is shown the beginning of the answer. */
  startShown(endpoint: Endpoint, form: DeliveryForm, event: KfEvent, onEnd: OnEnd): ShownAttempt {
    const attempt = this.#start(ShownExchange, endpoint, form, event, 1, onEnd, null);
    const whenAnswered = async () => (attempt instanceof ShownExchange ? attempt.whenAnswered() : null);
    return { result: attempt.result, whenAnswered };
  }

  #start(
    Kind: typeof Exchange,
    endpoint: Endpoint,
    form: DeliveryForm,
    event: KfEvent,
    attempt: number,
    onEnd: OnEnd,
    tracestate: string | null,
  ): Attempt {
    const pool = this.pools.of(endpoint.origin, poolOf(endpoint));
    if (pool.isFull) return Exchange.failed('saturated', 'too many deliveries wait for this origin', onEnd);
    const { traceparent } = event;
    const parent = traceparent === null ? null : { traceparent, tracestate };
    const span = this.tracing.start('client', 'deliver', parent);
    const trace = span?.context ?? parent;
    const request = form.toRequest(endpoint, event, attempt, this.clock.nowMs(), trace);
    const exchange = new Kind(pool, request, this.clock, form.limitMs, onEnd, form.hasPulled).send();
    if (span !== null) record(span, endpoint, event, attempt, exchange);
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
  { corpId, openKfId }: KfEvent,
  attempt: number,
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
