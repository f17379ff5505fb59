import { Injectable } from '@nestjs/common';
import { BackgroundWork } from '../../kernel/background-work.js';
import { Clock } from '../../kernel/clock.js';
import type { DeliveryOccasion, FailureStage } from '../../queue/failure.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { Presence } from '../../registry/accounts/presence.js';
import { type AttemptResult, isRefusal, mayBeOfAccount, type OnEnd, PUT_OFF } from './attempt.js';
import { Circuits } from './circuits.js';
import { Deliveries } from './deliveries.js';
import { hasPulledOf, type Parcel } from './parcel.js';
import { TriedEvents } from './tried-events.js';

/** An attempt that never had a socket says nothing about the endpoint, nor does WeCom that took no reply. */
const INCONCLUSIVE: ReadonlySet<FailureStage> = new Set([...PUT_OFF, 'busy', 'reply']);

/** Learns that endpoints have recovered. */
export abstract class Recoveries {
  /** The endpoint was in trouble and took something: everything that waits for it is sent. Never rejects. */
  abstract recovered(endpoint: string): Promise<void>;
}

/** Notes how attempts ended: in the record, in metrics, in circuits, and which puppets are back. */
@Injectable()
export class AttemptOutcomes {
  constructor(
    private readonly circuits: Circuits,
    private readonly deliveries: Deliveries,
    private readonly recoveries: Recoveries,
    private readonly tried: TriedEvents,
    private readonly presence: Presence,
    private readonly late: BackgroundWork,
    private readonly clock: Clock,
  ) {}

  /** An attempt begins. @returns notes how it ended. */
  began(to: Destination, parcel: Parcel, occasion: DeliveryOccasion): OnEnd {
    this.deliveries.began(to, occasion);
    const startedMs = this.clock.elapsedMs();
    return (result) => this.#ended(to, parcel, occasion, startedMs, result);
  }

  #ended(
    to: Destination,
    parcel: Parcel,
    occasion: DeliveryOccasion,
    startedMs: number,
    result: AttemptResult,
  ): void {
    const durationMs = this.clock.elapsedMs() - startedMs;
    const isHalf = hasPulledOf(parcel) !== null;
    if (!(isHalf && result.taken)) {
      const recorded = this.deliveries.ended(to, parcel, occasion, result, durationMs);
      if (parcel.body.kind === 'event') this.tried.ended(recorded);
    }
    if (to.endpoint !== null) this.#count(to, to.endpoint.href, occasion, startedMs, result);
    const { puppet } = to;
    if (result.taken && puppet !== null && !puppet.online)
      void this.late.add(this.presence.markOnline(puppet));
  }

  #count(
    to: Destination,
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
    else if (isOfAccount)
      this.circuits.refused(endpoint, to, startedMs, !result.taken && result.isOfAccountAlone === true);
    else this.circuits.failed(endpoint, startedMs);
  }
}
