import { Injectable } from '@nestjs/common';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { newLru } from '../../kernel/lru.js';
import { type Destination, Destinations } from '../../registry/accounts/destination.js';
import { type FailureStage, isHeldBack, type NotTriedStage } from '../../queue/failure.js';
import { BotEndpoints } from '../endpoint/bot-endpoint.js';
import { WaitingHints } from '../later/waiting-hints.js';

/** When a registration takes longer than this, the patrol finds what was kept meanwhile. */
const REGISTRATION_LIMIT_MS = 30_000;
const REREAD_LIMIT_MS = 1_000;
/**
 * Accounts that are remembered because nobody was there for their events, or their bot was paused. Events of other
 * accounts wait until they are due.
 */
const FOR_NOBODY_MAX = 10_000;

/** A try after which an event was kept. */
interface KeptTry {
  readonly stage: FailureStage | NotTriedStage;
  /** Where it was tried, or would have been. */
  readonly destination: Destination;
}

/** Sees to it that what was kept is delivered as soon as somebody is there. */
@Injectable()
export class InlineWakes {
  /** Accounts whose events were kept because nobody was there. By account. */
  readonly #forNobody = newLru<Destination>(FOR_NOBODY_MAX);

  constructor(
    private readonly waiting: WaitingHints,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds where an account's events go now, if an event of it was kept here because nobody was there, and
   * somebody is by now. The replica that has a bot's client makes due only what was kept before the client came,
   * not what was kept here since.
   * @returns `null` otherwise.
   */
  take(account: Addressee): Destination | null {
    const kept = this.#forNobody.get(accountKey(account));
    return kept === undefined ? null : this.#takeIfThere(kept);
  }

  /** As `take`, of all accounts. */
  takeAll(): readonly Destination[] {
    return [...this.#forNobody.values()].flatMap((kept) => this.#takeIfThere(kept) ?? []);
  }

  /** Call it when an event is kept. */
  keptAfter(tried: KeptTry): void {
    const { stage, destination } = tried;
    const botEndpoint = this.botEndpoints.to(destination);
    if (botEndpoint === null || stage === 'registering') {
      // Otherwise the patrol finds it.
      this.#wakeWhenRegistered(tried).catch(() => {});
      return;
    }
    if (stage === 'elsewhere') return this.#wakeIfMoved(destination);
    if (stage === 'offline' || stage === 'paused') this.#wakeWhenFound(destination);
    // Hints of an open circuit cannot be claimed; but it may have closed meanwhile.
    if (!isHeldBack(stage) || !botEndpoint.isOpen) this.waiting.kept.added.wakeUp();
  }

  /** Somebody may have come while the event was kept. */
  #wakeWhenFound(destination: Destination): void {
    this.#forNobody.set(accountKey(destination), destination);
    const there = this.#takeIfThere(destination);
    if (there !== null) this.waiting.wake(there).catch(() => {});
  }

  /** The bot's client may have connected to this replica, or to a third one, while the event was kept. */
  #wakeIfMoved(destination: Destination): void {
    const now = destination.refresh();
    if (now.endpoint?.href !== destination.endpoint?.href) this.waiting.wake(now).catch(() => {});
  }

  #takeIfThere(kept: Destination): Destination | null {
    const now = kept.refresh();
    if (now.state !== 'ready' && now.state !== 'elsewhere') return null;
    this.#forNobody.delete(accountKey(now));
    return now;
  }

  /** An event that was kept while no puppet was known may have just missed its puppet's registration. */
  async #wakeWhenRegistered({ destination }: KeptTry): Promise<void> {
    const endMs = this.clock.elapsedMs() + REGISTRATION_LIMIT_MS;
    const here = await this.destinations.whenRegistered(destination.refresh(), endMs);
    const there = await this.destinations.reread(here, REREAD_LIMIT_MS);
    const now = await this.destinations.whenRegistered(there, endMs);
    if (now.state !== 'registering') await this.waiting.wake(now);
  }
}
