import { Inject, Injectable } from '@nestjs/common';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { WaitingEvents } from '../../registry/accounts/waiting-events.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { Circuits } from '../endpoint/circuits.js';
import { toRegistered, toReleased } from '../../queue/event.js';
import type { ClaimedHint, EventQueue } from '../../queue/event-queue.js';
import { WaitingHints } from './waiting-hints.js';
import { RetryLoops } from './loops.js';
import { LEASE_MS } from '../../queue/failure.js';

/** How long a register answer waits for the claim of its puppet's hint; the deployed puppet's register has no deadline. */
const CLAIM_LIMIT_MS = 1_000;

/** Sends what waits to a puppet that registers, and to a bot that is added. */
@Injectable()
export class RegistrationClaims implements WaitingEvents {
  constructor(
    private readonly waiting: WaitingHints,
    private readonly loops: RetryLoops,
    private readonly circuits: Circuits,
    private readonly policy: EndpointPolicy,
    private readonly late: BackgroundWork,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async claimFor(registered: Puppet): Promise<() => void> {
    const endpoint = this.policy.read(registered.endpoint);
    if ('must' in endpoint) return () => {};
    const { href } = endpoint;
    const [kept, unstored] = await Promise.all([
      this.#claimIn(this.waiting.kept, registered, href),
      this.#claimIn(this.waiting.unstored, registered, href),
    ]);
    return () => {
      const wasInTrouble = this.circuits.close(href);
      if (kept !== null) this.loops.kept.send(kept, 'registration');
      if (unstored !== null) this.loops.unstored.send(unstored, 'registration');
      if (wasInTrouble) this.waiting.recovered(href);
      this.waiting.registered(registered);
    };
  }

  wake(destination: Destination, isMoved: boolean): Promise<void> {
    return this.waiting.wake(destination, isMoved);
  }

  pauseEnded(corpId: string): Promise<void> {
    return this.waiting.pauseEnded(corpId);
  }

  tryAgain(endpoint: string): Promise<void> {
    this.circuits.close(endpoint);
    return this.waiting.recovered(endpoint);
  }

  /** @returns `null` when nothing waits, or when the store is too slow: the patrol then finds it. */
  async #claimIn(queue: EventQueue, registered: Puppet, endpoint: string): Promise<ClaimedHint | null> {
    const claim = this.#claim(queue, registered, endpoint);
    try {
      return await withinDeadline(CLAIM_LIMIT_MS, 'claim at registration', claim);
    } catch (err) {
      this.log.warn({ openKfId: registered.openKfId, err }, 'outbox.claim_failed');
      void this.late.add(this.#giveBack(queue, claim));
      return null;
    }
  }

  /** Also where the hint is parked or dead; a running lease is taken over. */
  async #claim(queue: EventQueue, registered: Puppet, endpoint: string): Promise<ClaimedHint | null> {
    const nowMs = this.storeClock.nowMs();
    const { before, after } = await queue.change(registered, (hint) =>
      toRegistered(hint, endpoint, nowMs + LEASE_MS, nowMs),
    );
    const lease = after?.lease ?? null;
    if (after === null || lease === null) return null;
    return { ...after, lease, isTakenOver: before !== null && before.lease !== null };
  }

  /** Ends a claim that came too late: its hint is due at once. */
  async #giveBack(queue: EventQueue, claim: Promise<ClaimedHint | null>): Promise<void> {
    try {
      const hint = await claim;
      if (hint === null) return;
      const nowMs = this.storeClock.nowMs();
      await queue.changeHeld(hint, nowMs, (now) => toReleased(now, nowMs));
      queue.added.wakeUp();
    } catch {
      // The lease lapses.
    }
  }
}
