import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Endpoint } from './endpoint/endpoint.js';
import type { Puppet } from './puppet.js';
import { RegistrationsUnderWay } from './registration/registrations-under-way.js';
import { type KnownPuppet, RegistryImage } from './image/registry-image.js';
import { RegistryReads } from './image/registry-reads.js';
import type { KeyPair } from './image/shared-keys.js';

/** How long a puppet is spared whose registration another process took and has not noted as answered: it may have died. */
const HELD_BACK_MS = 5_000;
/** Another process notes within milliseconds that it has answered a registration: looked for often at first. */
const LOOK_AGAIN_FIRST_MS = 10;

/** An account, and for whose events it is asked. */
export interface Addressee {
  readonly corpId: string;
  readonly openKfId: string;
}

/**
 * `absent`: nobody is registered, as far as memory knows; `foreign`: another corp is, so that this one's events go to
 * nobody; `offline`: the puppet said goodbye; `registering`: it has no answer to its registration yet, and a delivery
 * ahead of that crashes the deployed puppet; `ready` else.
 */
type DestinationState = 'absent' | 'foreign' | 'offline' | 'registering' | 'ready';

/** Where an account's events go, as it is at this moment: after an `await`, `refresh` tells how it is now. */
export class Destination implements Addressee {
  constructor(
    readonly corpId: string,
    readonly openKfId: string,
    readonly state: DestinationState,
    private readonly known: KnownPuppet | null,
    private readonly destinations: Destinations,
  ) {}

  /** `null` where it is absent or foreign, and while the first registration of its account is under way. */
  get puppet(): Puppet | null {
    return this.known?.puppet ?? null;
  }

  /** `null` where it cannot be sent to: see `fault`. */
  get endpoint(): Endpoint | null {
    const endpoint = this.known?.endpoint ?? null;
    return endpoint === null || 'must' in endpoint ? null : endpoint;
  }

  /** Why it cannot be sent to, though a puppet is registered; `''` where it can. */
  get fault(): string {
    const endpoint = this.known?.endpoint;
    return endpoint !== undefined && 'must' in endpoint
      ? `the registered endpoint must ${endpoint.must}`
      : '';
  }

  /** What the puppet opens callbacks with. The same object for as long as anyone of the corp has it. */
  get pair(): KeyPair | null {
    return this.known?.pair ?? null;
  }

  /** Tells the pair apart from others and shows nothing of it; `null` where there is none. */
  get keysId(): string | null {
    return this.known?.pair?.id ?? null;
  }

  refresh(): Destination {
    return this.destinations.find(this);
  }
}

/** Finds where events go. What is to be known of registrations under way is known here alone. */
@Injectable()
export class Destinations {
  constructor(
    private readonly image: RegistryImage,
    private readonly underWay: RegistrationsUnderWay,
    private readonly reads: RegistryReads,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /** From memory. */
  find({ corpId, openKfId }: Addressee): Destination {
    const known = this.image.find(openKfId);
    const isForeign = known !== null && known.puppet.corpId !== corpId;
    const state = isForeign ? 'foreign' : this.#stateOf(openKfId, known?.puppet);
    return new Destination(corpId, openKfId, state, isForeign ? null : known, this);
  }

  /** From the store too, where memory knows none. @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE` */
  async lookUp(addressee: Addressee): Promise<Destination> {
    await this.reads.lookUpAccount(addressee.openKfId);
    return this.find(addressee);
  }

  /** As the store has it now, for a delivery that failed; as memory has it where the store does not answer in time. */
  async reread(addressee: Addressee, limitMs: number): Promise<Destination> {
    await this.reads.reread(addressee.openKfId, limitMs);
    return this.find(addressee);
  }

  /**
   * The same once no registration of its account is under way, here or in another process; as it is at `endMs` else.
   * @param endMs on the clock that never jumps.
   */
  async whenRegistered(destination: Destination, endMs: number): Promise<Destination> {
    let now = destination;
    const answered = this.underWay.whenOver(now.openKfId);
    if (answered !== null) {
      if (!(await this.clock.within(endMs - this.clock.elapsedMs(), answered))) return now.refresh();
      now = now.refresh();
    }
    for (let pauseMs = LOOK_AGAIN_FIRST_MS; now.state === 'registering'; pauseMs *= 2) {
      const leftMs = endMs - this.clock.elapsedMs() - pauseMs;
      if (leftMs <= 0) break;
      await this.clock.sleep(pauseMs);
      now = await this.reread(now, leftMs);
    }
    return now;
  }

  #stateOf(openKfId: string, puppet: Puppet | undefined): DestinationState {
    if (this.underWay.has(openKfId)) return 'registering';
    if (puppet === undefined) return 'absent';
    if (this.#isHeldBack(puppet)) return 'registering';
    return puppet.online || puppet.goodbyeDoubted ? 'ready' : 'offline';
  }

  /** Whether another process took its registration and may not have answered it yet. */
  #isHeldBack({ answered, lastOnlineAtMs }: Puppet): boolean {
    return !answered && this.storeClock.nowMs() < (lastOnlineAtMs ?? 0) + HELD_BACK_MS;
  }
}
