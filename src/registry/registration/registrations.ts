import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { AccountOwners } from './account-owners.js';
import { type AccountPlace, AccountPlaces } from './account-places.js';
import type { Registration } from '../../storage/puppets/puppet.js';
import { type NewRegistration, RegistrationWriter } from './registration-writer.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { type RegistrationSource, mayRegister, TakeoverGuard } from './takeover-guard.js';
import { UnprovenKeys } from './unproven-keys.js';

/** How often a registration is tried: the stored one may change between the check and the write. */
const REGISTER_TRIES = 5;

/** Decides who may register what. `RegistrationWriter` stores what is accepted. */
@Injectable()
export class Registrations {
  constructor(
    private readonly image: RegistryImage,
    private readonly places: AccountPlaces,
    private readonly guard: TakeoverGuard,
    private readonly unprovenKeys: UnprovenKeys,
    private readonly writer: RegistrationWriter,
    private readonly owners: AccountOwners,
  ) {}

  /**
   * Accepts the registration, unless it would take over somebody else's account. Nothing changes until that is known.
   * @throws AppError `STORE_UNAVAILABLE`, and the registration may then take effect late;
   *   `REGISTRY_ACCOUNT_OF_OTHER_CORP`, `REGISTRY_SECRET_REFUSED`, `REGISTRY_SECRET_UNVERIFIED`,
   *   `REGISTRY_ACCOUNT_OF_BOT`, `BOT_FORBIDDEN`, `REGISTRY_TOO_MANY_UNPROVEN`, `REGISTRY_FULL`, `REGISTRY_CORP_FULL`.
   */
  async register(registration: Registration, asked: RegistrationSource = {}): Promise<NewRegistration> {
    this.owners.requireFree(registration);
    const place = this.places.take(registration);
    return leavingWhenOver(place.leave, this.#registerIn(place, registration, asked));
  }

  async #registerIn(
    place: AccountPlace,
    registration: Registration,
    asked: RegistrationSource,
  ): Promise<NewRegistration> {
    const known = this.image.findPuppet(registration.openKfId);
    const isPlain = mayRegister(known, registration, false);
    const isProven = !isPlain && (await this.guard.prove(registration, asked));
    const leavePlace = isProven ? () => {} : this.unprovenKeys.takePlace(registration);
    if (leavePlace === null) {
      await this.guard.requireAccepted(registration, asked);
      return this.#registerWithRetries(place, registration, true, asked);
    }
    return leavingWhenOver(leavePlace, this.#registerWithRetries(place, registration, isProven, asked));
  }

  async #registerWithRetries(
    place: AccountPlace,
    registration: Registration,
    wasProven: boolean,
    asked: RegistrationSource,
  ): Promise<NewRegistration> {
    let isProven = wasProven;
    for (let triesLeft = REGISTER_TRIES; triesLeft > 0; triesLeft--) {
      const registered = await this.writer.write(place, registration, isProven, asked);
      if (registered !== null) return registered;
      // The store has another registration than memory.
      isProven = (await this.guard.prove(registration, asked)) || isProven;
    }
    throw new AppError('STORE_UNAVAILABLE', { internal: { tries: REGISTER_TRIES } });
  }
}

/** Gives the place back when the registration is over: answered, or refused. */
async function leavingWhenOver(leave: () => void, work: Promise<NewRegistration>): Promise<NewRegistration> {
  try {
    const { puppet, answered } = await work;
    const answeredInPlace = (): void => {
      answered();
      leave();
    };
    return { puppet, answered: answeredInPlace };
  } catch (error) {
    leave();
    throw error;
  }
}
