import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { type Endpoint, isStream } from '../../registry/endpoint/endpoint.js';
import { Presence } from '../../registry/accounts/presence.js';
import { rulesOf } from '../../registry/bots/bot-kinds.js';
import { Secret } from '../../kernel/secret.js';
import type { Agents } from './agents.js';
import type { KfEvent } from './kf-event.js';
import { LateWork } from './late-work.js';
import {
  type Attempt,
  type AttemptResult,
  Exchange,
  mayBeOfAccount,
  isRefusal,
  type OnEnd,
} from './attempt.js';
import { Circuits } from './circuit.js';
import { Deliveries } from './deliveries.js';
import { DeliveryClient, type ShownAttempt } from './delivery-client.js';
import type { DeliveryForm } from './delivery-form.js';
import { formFor } from './forms.js';
import type { Halves, Pulls } from './pulls.js';
import type { Streams } from './streams.js';
import type { DeliveryOccasion, FailureStage } from '../../storage/queue/line.js';

const NO_PULLS: Pulls = {
  start: (_to, _event, onEnd) => Exchange.failed('pull', 'nothing pulls messages here', onEnd),
};

const NO_HALVES: Halves = { hasPulled: async () => false };

const NO_STREAMS: Streams = {
  start: (_to, _sent, onEnd) => Exchange.failed('connect', 'no stream can be opened here', onEnd),
};

const NO_AGENTS: Agents = {
  start: (_to, _asked, onEnd) => Exchange.failed('endpoint', 'no agent is asked here', onEnd),
  tellToWait: async () => true,
};

/** An attempt that never had a socket says nothing about the endpoint, nor does WeCom that took no reply. */
const INCONCLUSIVE: ReadonlySet<FailureStage> = new Set(['withdrawn', 'saturated', 'busy', 'reply']);

/** An attempt that has begun. */
interface Begun {
  readonly event: KfEvent;
  readonly occasion: DeliveryOccasion;
  readonly number: number;
  /** Whether a 2xx is only half of it: see `DeliveryForm.hasPulled`. */
  readonly isHalf: boolean;
  /** On the clock that never jumps. */
  readonly startedMs: number;
}

/** Learns that endpoints have recovered. */
export abstract class Recoveries {
  /** The endpoint was in trouble and took something: everything that waits for it is sent. Never rejects. */
  abstract recovered(endpoint: string): Promise<void>;
}

/** The account whose events go to an endpoint, and who takes them there. */
export type Recipient = Pick<
  Destination,
  'corpId' | 'openKfId' | 'address' | 'bot' | 'puppet' | 'fault' | 'isPulled'
>;

/**
 * The endpoint of an account's bot or puppet, with circuit and bookkeeping. Its callers decide whether to send
 * anything.
 */
export class BotEndpoint {
  /**
   * @param endpoint `null` when it cannot be used.
   * @param form left out for the usual one of the bot or puppet: see `formFor`.
   */
  constructor(
    private readonly to: Recipient,
    private readonly endpoint: Endpoint | null,
    private readonly botEndpoints: BotEndpoints,
    private readonly form?: DeliveryForm,
  ) {}

  /** Whether the account gets nothing but probes. */
  get isOpen(): boolean {
    return (
      this.isHeldBack || (this.endpoint !== null && this.botEndpoints.circuits.isOpen(this.endpoint.href))
    );
  }

  /** Whether the account alone gets nothing but probes: its endpoint takes what is for other accounts. */
  get isHeldBack(): boolean {
    return this.endpoint !== null && this.botEndpoints.circuits.holdsBack(this.endpoint.href, this.to);
  }

  /** Whether an event may be tried now. */
  admits(): boolean {
    return this.endpoint === null || this.botEndpoints.circuits.admit(this.endpoint.href, this.to);
  }

  /** Deliveries under way to its origin. */
  get underWay(): number {
    return this.endpoint === null ? 0 : this.botEndpoints.client.underWayTo(this.endpoint);
  }

  /** Whether its origin is too busy for hints. */
  get isCrowded(): boolean {
    return this.endpoint !== null && this.botEndpoints.client.isCrowded(this.endpoint);
  }

  /**
   * Sends the event. Never throws: the result tells what went wrong. Metrics, record and circuit are updated before
   * others see it.
   * @param number which attempt of the event it is, counted from 1.
   * @param tracestate that came with the event's `traceparent`.
   * @param ageMs how long ago WeCom sent the event.
   */
  attempt(
    event: KfEvent,
    occasion: DeliveryOccasion,
    number: number,
    tracestate: string | null = null,
    ageMs: number = event.lagMs,
  ): Attempt {
    const onEnd = this.#book(event, occasion, number);
    if (this.endpoint === null) return Exchange.failed('endpoint', this.to.fault, onEnd);
    if (this.to.isPulled) return this.botEndpoints.pulls.start(this.to, event, onEnd);
    if (this.to.bot !== null && rulesOf(this.to.bot).isAsked) {
      const asked = { event, message: this.form?.content ?? new Secret('{}'), ageMs };
      return this.botEndpoints.agents.start(this.to, asked, onEnd);
    }
    if (isStream(this.endpoint)) {
      const message = this.form?.content ?? null;
      const sent = { event, number, ageMs, message, isHalf: this.#isHalf };
      return this.botEndpoints.streams.start(this.to, sent, onEnd);
    }
    return this.botEndpoints.client.start(this.endpoint, this.#form, event, number, onEnd, tracestate);
  }

  /** Sends a test. The operator who waits for it is shown the beginning of the answer, if there is one. */
  attemptShown(event: KfEvent): ShownAttempt {
    if (this.endpoint === null || this.to.isPulled || isStream(this.endpoint)) {
      const { result } = this.attempt(event, 'test', 1);
      return { result, whenAnswered: async () => null };
    }
    const onEnd = this.#book(event, 'test', 1);
    const attempt = this.botEndpoints.client.startShown(this.endpoint, this.#form, event, onEnd);
    // A stop waits for the exchange, whose connection closes only when it is over.
    void this.botEndpoints.late.add(attempt.result.then(() => attempt.whenAnswered()));
    return attempt;
  }

  get #form(): DeliveryForm {
    return this.form ?? formFor(this.to);
  }

  get #isHalf(): boolean {
    return this.form?.hasPulled !== undefined;
  }

  #book(event: KfEvent, occasion: DeliveryOccasion, number: number): OnEnd {
    this.botEndpoints.deliveries.began(this.to, occasion);
    const startedMs = this.botEndpoints.clock.elapsedMs();
    const begun = { event, occasion, number, isHalf: this.#isHalf, startedMs };
    return (result) => this.botEndpoints.ended(this.to, this.endpoint, begun, result);
  }
}

/** All endpoints of bots, with what deliveries leave behind: record, metrics, circuits, and which puppets are back. */
@Injectable()
export class BotEndpoints {
  #pulls: Pulls = NO_PULLS;
  #halves: Halves = NO_HALVES;
  #streams: Streams = NO_STREAMS;
  #agents: Agents = NO_AGENTS;

  constructor(
    readonly client: DeliveryClient,
    readonly circuits: Circuits,
    readonly deliveries: Deliveries,
    private readonly recoveries: Recoveries,
    private readonly presence: Presence,
    readonly late: LateWork,
    readonly clock: Clock,
  ) {}

  get pulls(): Pulls {
    return this.#pulls;
  }

  /** @param pulls takes the events of bots that take messages. */
  pullBy(pulls: Pulls): void {
    this.#pulls = pulls;
  }

  get halves(): Halves {
    return this.#halves;
  }

  /** @param halves knows which messages were pulled. */
  pulledBy(halves: Halves): void {
    this.#halves = halves;
  }

  get streams(): Streams {
    return this.#streams;
  }

  /** @param streams carries events over the connections that bots open. */
  streamBy(streams: Streams): void {
    this.#streams = streams;
  }

  get agents(): Agents {
    return this.#agents;
  }

  /** @param agents asks the services of agents. */
  askBy(agents: Agents): void {
    this.#agents = agents;
  }

  /** @returns `null` when nobody takes the account's events. */
  to(destination: Destination): BotEndpoint | null {
    return destination.hasTaker ? new BotEndpoint(destination, destination.endpoint, this) : null;
  }

  /** For one message. */
  ofMessage(to: Recipient, endpoint: Endpoint, form: DeliveryForm): BotEndpoint {
    return new BotEndpoint(to, endpoint, this, form);
  }

  ended(
    to: Recipient,
    endpoint: Endpoint | null,
    { event, occasion, number, isHalf, startedMs }: Begun,
    result: AttemptResult,
  ): void {
    const durationMs = this.clock.elapsedMs() - startedMs;
    if (!(isHalf && result.taken)) this.deliveries.ended(to, event, occasion, number, result, durationMs);
    if (endpoint !== null) this.#count(to, endpoint.href, occasion, startedMs, result);
    const { puppet } = to;
    if (result.taken && puppet !== null && !puppet.online)
      void this.late.add(this.presence.markOnline(puppet));
  }

  #count(
    to: Recipient,
    endpoint: string,
    occasion: DeliveryOccasion,
    startedMs: number,
    result: AttemptResult,
  ): void {
    if (result.taken && result.isUnasked === true) return this.circuits.inconclusive(endpoint);
    if (result.taken || (occasion === 'message' && isRefusal(result))) {
      if (this.circuits.succeeded(endpoint, to)) void this.recoveries.recovered(endpoint);
      return;
    }
    // A failed test must not hold back events.
    if (occasion === 'test') return;
    const isInconclusive = INCONCLUSIVE.has(result.stage);
    // A status of a message that is no refusal means that nobody is behind the endpoint: see `isRefusal`.
    const isOfAccount = occasion === 'message' ? result.isOfAccount === true : mayBeOfAccount(result);
    if (isInconclusive) this.circuits.inconclusive(endpoint);
    else if (isOfAccount) this.circuits.refused(endpoint, to, startedMs);
    else this.circuits.failed(endpoint, startedMs);
  }
}
