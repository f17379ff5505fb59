import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { Destination } from '../../registry/destination.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import { Presence } from '../../registry/presence.js';
import type { KfEvent } from '../kf-event.js';
import { LateWork } from '../late-work.js';
import type { DeliveryOccasion } from '../outbox/hint.js';
import { WaitingHints } from '../outbox/waiting-hints.js';
import { type Attempt, type AttemptResult, Exchange, type OnEnd } from './attempt.js';
import { Circuits } from './circuit.js';
import { Deliveries } from './deliveries.js';
import { DeliveryClient, type ShownAttempt } from './delivery-client.js';
import { formFor } from './forms.js';

/** An attempt that has begun. */
interface Begun {
  readonly event: KfEvent;
  readonly occasion: DeliveryOccasion;
  readonly number: number;
  /** On the clock that never jumps. */
  readonly startedMs: number;
}

/** The way to whoever takes an account's events. Its callers decide whether to send anything. */
export class Line {
  /** `null` when it cannot be used. */
  private readonly endpoint: Endpoint | null;

  constructor(
    private readonly to: Destination,
    private readonly lines: Lines,
  ) {
    this.endpoint = to.endpoint;
  }

  /** Whether its endpoint gets nothing but probes. */
  get isOpen(): boolean {
    return this.endpoint !== null && this.lines.circuits.isOpen(this.endpoint.href);
  }

  /** Whether an event may be tried now. */
  admits(): boolean {
    return this.endpoint === null || this.lines.circuits.admit(this.endpoint.href);
  }

  /** Deliveries under way to its origin. */
  get underWay(): number {
    return this.endpoint === null ? 0 : this.lines.client.underWayTo(this.endpoint);
  }

  /** Whether its origin is too busy for hints. */
  get isCrowded(): boolean {
    return this.endpoint !== null && this.lines.client.isCrowded(this.endpoint);
  }

  /**
   * Sends the event. Never throws: the result tells what went wrong. Metrics, record and circuit are updated before
   * others see it.
   * @param number which attempt of the event it is, counted from 1.
   * @param tracestate that came with the event's `traceparent`.
   */
  attempt(
    event: KfEvent,
    occasion: DeliveryOccasion,
    number: number,
    tracestate: string | null = null,
  ): Attempt {
    const onEnd = this.#book(event, occasion, number);
    return this.endpoint === null
      ? Exchange.failed('endpoint', this.to.fault, onEnd)
      : this.lines.client.start(this.endpoint, formFor(this.to), event, number, onEnd, tracestate);
  }

  /** The same for an operator, who is shown the beginning of the answer. */
  attemptShown(event: KfEvent): ShownAttempt {
    if (this.endpoint === null) {
      const { result } = this.attempt(event, 'test', 1);
      return { result, whenAnswered: async () => null };
    }
    const onEnd = this.#book(event, 'test', 1);
    const attempt = this.lines.client.startShown(this.endpoint, formFor(this.to), event, onEnd);
    // Its connection closes when the exchange is over.
    void this.lines.late.add(attempt.result.then(() => attempt.whenAnswered()));
    return attempt;
  }

  #book(event: KfEvent, occasion: DeliveryOccasion, number: number): OnEnd {
    const begun = { event, occasion, number, startedMs: this.lines.clock.elapsedMs() };
    return (result) => this.lines.ended(this.to, this.endpoint, begun, result);
  }
}

/** The lines to all endpoints, with what deliveries leave behind: record, metrics, circuits, and which puppets are back. */
@Injectable()
export class Lines {
  constructor(
    readonly client: DeliveryClient,
    readonly circuits: Circuits,
    private readonly deliveries: Deliveries,
    private readonly waiting: WaitingHints,
    private readonly presence: Presence,
    readonly late: LateWork,
    readonly clock: Clock,
  ) {}

  /** @returns `null` when nobody takes the account's events. */
  to(destination: Destination): Line | null {
    return destination.hasTaker ? new Line(destination, this) : null;
  }

  ended(
    to: Destination,
    endpoint: Endpoint | null,
    { event, occasion, number, startedMs }: Begun,
    result: AttemptResult,
  ): void {
    const durationMs = this.clock.elapsedMs() - startedMs;
    this.deliveries.ended(to, event, occasion, number, result, durationMs);
    if (endpoint !== null) this.#count(endpoint.href, occasion, startedMs, result);
    const { puppet } = to;
    if (result.taken && puppet !== null && !puppet.online)
      void this.late.add(this.presence.markOnline(puppet));
  }

  #count(endpoint: string, occasion: DeliveryOccasion, startedMs: number, result: AttemptResult): void {
    if (result.taken) {
      if (this.circuits.succeeded(endpoint)) this.waiting.recovered(endpoint);
      return;
    }
    // A failed test must not hold back events.
    if (occasion === 'test') return;
    // An attempt that never had a socket says nothing about the endpoint.
    const isInconclusive = result.stage === 'withdrawn' || result.stage === 'saturated';
    if (isInconclusive) this.circuits.inconclusive(endpoint);
    else this.circuits.failed(endpoint, startedMs);
  }
}
