import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Endpoint } from './endpoint/endpoint.js';
import type { Puppet } from './puppet.js';
import { RegistrationsUnderWay } from './registration/registrations-under-way.js';
import { type KnownPuppet, RegistryImage } from './image/registry-image.js';
import { RegistryReads } from './image/registry-reads.js';
import type { KeyPair } from './image/shared-keys.js';

/** How long nothing is sent to a puppet that another process registers: if it notes no answer by then, it may have died. */
const HELD_BACK_MS = 5_000;
/** Another process notes within milliseconds that it has answered a registration, so the first looks follow quickly. */
const LOOK_AGAIN_FIRST_MS = 10;

/** An account, and the corp whose events it is looked up for. */
export interface Addressee {
  readonly corpId: string;
  readonly openKfId: string;
}

/**
 * `absent`: memory knows no registration. `foreign`: another corp has registered the account, so this corp's events go to
 * nobody. `offline`: the puppet has deregistered. `registering`: its registration is not answered yet, and a delivery
 * before the answer crashes the deployed puppet. `ready`: events may be sent.
 */
type DestinationState = 'absent' | 'foreign' | 'offline' | 'registering' | 'ready';

/** Where an account's events go at this moment. After an `await`, call `refresh`. */
export class Destination implements Addressee {
  constructor(
    readonly corpId: string,
    readonly openKfId: string,
    readonly state: DestinationState,
    private readonly known: KnownPuppet | null,
    private readonly destinations: Destinations,
  ) {}

  /** `null` when absent or foreign, and while the first registration of the account is under way. */
  get puppet(): Puppet | null {
    return this.known?.puppet ?? null;
  }

  /** `null` when it cannot be used: see `fault`. */
  get endpoint(): Endpoint | null {
    const endpoint = this.known?.endpoint ?? null;
    return endpoint === null || 'must' in endpoint ? null : endpoint;
  }

  /** Why the registered endpoint cannot be used; `''` when it can. */
  get fault(): string {
    const endpoint = this.known?.endpoint;
    return endpoint !== undefined && 'must' in endpoint
      ? `the registered endpoint must ${endpoint.must}`
      : '';
  }

  /** The keys with which the puppet opens callbacks. The same object for as long as anyone of the corp has them. */
  get pair(): KeyPair | null {
    return this.known?.pair ?? null;
  }

  /** Identifies the pair and reveals nothing of it; `null` when there is none. */
  get keysId(): string | null {
    return this.known?.pair?.id ?? null;
  }

  refresh(): Destination {
    return this.destinations.find(this);
  }
}

/** Finds where events go. The rules about registrations under way are here alone. */
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

  /** Also from the store, if memory knows none. @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE` */
  async lookUp(addressee: Addressee): Promise<Destination> {
    await this.reads.lookUpAccount(addressee.openKfId);
    return this.find(addressee);
  }

  /** As the store has it now, after a failed delivery; as memory has it if the store does not answer in time. */
  async reread(addressee: Addressee, limitMs: number): Promise<Destination> {
    await this.reads.reread(addressee.openKfId, limitMs);
    return this.find(addressee);
  }

  /**
   * Waits until no registration of the account is under way, here or in another process, or until `endMs`.
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

  /** Whether another process took the registration and may not have answered it yet. */
  #isHeldBack({ answered, lastOnlineAtMs }: Puppet): boolean {
    return !answered && this.storeClock.nowMs() < (lastOnlineAtMs ?? 0) + HELD_BACK_MS;
  }
}
