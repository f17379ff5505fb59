import { AppError } from '../kernel/app-error.js';
import { withinDeadline } from '../kernel/deadline.js';
import type { Log } from '../kernel/log.js';
import { Pending } from '../kernel/pending.js';
import { secretIdOf } from '../kernel/secret-id.js';
import type { StoreClock } from '../kernel/store-clock.js';
import type { AccountPlace, AccountPlaces } from './account-places.js';
import type { Puppet, Registration } from './puppet.js';
import type { PuppetRepository } from './puppet.repository.js';
import { RegistrationsUnderWay } from './registrations-under-way.js';
import { logRegistration } from './registry-audit.js';
import type { RegistryImage } from './registry-image.js';
import { inTime, type RegistrySync } from './registry-sync.js';
import type { SecretProofs } from './secret-proofs.js';
import { type Asked, mayRegister, type TakeoverGuard } from './takeover-guard.js';
import { UnprovenKeys } from './unproven-keys.js';

/** At the end: whoever starts next would hold back what comes for a puppet whose answer nobody noted. */
const LAST_NOTES_LIMIT_MS = 5_000;

/** What is stored may change between the look at it and the write, but not again and again. */
const REGISTER_TRIES = 5;

/** Called when a registration is stored; what it gives is called in the tick in which the answer was written. */
export type PrepareAnswer = (puppet: Puppet) => Promise<() => void>;

/** A registration that is stored and not yet in use. */
export interface Registered {
  readonly puppet: Puppet;
  /**
   * To be called in the tick in which the answer was written. Before it nothing is delivered to the
   * new endpoint: a delivery ahead of that answer crashes the deployed puppet.
   */
  answered(): void;
}

/** The way of a registration: judged, stored, put into use when it was answered, and noted as answered. */
export class Registrations {
  readonly #underWay = new RegistrationsUnderWay();
  readonly #unprovenKeys: UnprovenKeys;
  readonly #marks = new Pending();
  #prepare: PrepareAnswer = async () => () => {};

  constructor(
    private readonly image: RegistryImage,
    private readonly sync: RegistrySync,
    private readonly places: AccountPlaces,
    private readonly guard: TakeoverGuard,
    private readonly proofs: SecretProofs,
    private readonly repository: PuppetRepository,
    private readonly storeClock: StoreClock,
    private readonly log: Log,
  ) {
    this.#unprovenKeys = new UnprovenKeys(image);
  }

  /** What is to be done for each registration besides; there is one listener. */
  beforeAnswer(prepare: PrepareAnswer): void {
    this.#prepare = prepare;
  }

  /** Resolves, in the tick of the answer, when no registration of the account is under way; `null` when none is. */
  whenAnswered(openKfId: string): Promise<void> | null {
    return this.#underWay.whenOver(openKfId);
  }

  /** Waits for what has been answered, and what WeCom has accepted, to be noted, for a while. */
  async end(): Promise<void> {
    const noted = Promise.all([this.#marks.whenOver(), this.proofs.whenNoted()]);
    await withinDeadline(LAST_NOTES_LIMIT_MS, 'mark', noted).catch(() => {});
  }

  /**
   * Takes the registration, unless it would take over somebody else's account. Until that is known, all is as it was.
   * @throws AppError `STORE_UNAVAILABLE`, and the registration may then take effect late;
   *   `REGISTRY_ACCOUNT_OF_OTHER_CORP`, `REGISTRY_SECRET_REFUSED`, `REGISTRY_SECRET_UNVERIFIED`,
   *   `REGISTRY_TOO_MANY_UNPROVEN`, `REGISTRY_FULL`, `REGISTRY_CORP_FULL`.
   */
  async register(registration: Registration, asked: Asked = {}): Promise<Registered> {
    const place = this.places.take(registration);
    return leavingWhenOver(place.leave, this.#registerIn(place, registration, asked));
  }

  async #registerIn(place: AccountPlace, registration: Registration, asked: Asked): Promise<Registered> {
    const known = this.image.findPuppet(registration.openKfId);
    const isPlain = mayRegister(known, registration, false);
    const isProven = !isPlain && (await this.guard.prove(registration, asked));
    const leavePlace = isProven ? () => {} : this.#unprovenKeys.takePlace(registration);
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
    asked: Asked,
  ): Promise<Registered> {
    let isProven = wasProven;
    for (let triesLeft = REGISTER_TRIES; triesLeft > 0; triesLeft--) {
      const registered = await this.#tryRegister(place, registration, isProven, asked);
      if (registered !== null) return registered;
      // The store knew another one than memory.
      isProven = (await this.guard.prove(registration, asked)) || isProven;
    }
    throw new AppError('STORE_UNAVAILABLE', { internal: { tries: REGISTER_TRIES } });
  }

  /** @returns `null` when it may not replace what is stored. */
  async #tryRegister(
    place: AccountPlace,
    registration: Registration,
    isProven: boolean,
    asked: Asked,
  ): Promise<Registered | null> {
    const isOver = this.#underWay.begin(registration.openKfId);
    try {
      const registered = await this.#register(place, registration, isProven, asked, isOver);
      if (registered === null) isOver();
      return registered;
    } catch (error) {
      isOver();
      throw error;
    }
  }

  async #register(
    place: AccountPlace,
    registration: Registration,
    isProven: boolean,
    { requestId, trace = null }: Asked,
    isOver: () => void,
  ): Promise<Registered | null> {
    const { openKfId, corpId, corpSecret } = registration;
    const acceptedSecretId = isProven
      ? secretIdOf(corpId, corpSecret)
      : this.proofs.findAcceptedId(corpId, corpSecret);
    let before: Puppet | null = null;
    const mayReplace = (stored: Puppet | null): boolean => {
      before = stored;
      return place.refusalOf(stored) === null && mayRegister(stored, registration, isProven);
    };
    const write = this.sync.beginWrite(openKfId);
    const nowMs = this.storeClock.nowMs();
    const saving = this.repository.save({ ...registration, acceptedSecretId }, nowMs, mayReplace);
    const saved = await inTime(write, saving);
    if (saved === null) {
      write.end(null);
      const error = place.refusalOf(before);
      if (error === null) return null;
      const { endpoint, from } = registration;
      this.log.warn({ openKfId, corpId, endpoint, from, error, requestId }, 'registry.full');
      throw new AppError(error);
    }
    logRegistration(this.log, before, saved, requestId);
    const puppet = { ...saved, answered: true };
    const afterAnswer = await this.#prepare(puppet).catch((error: unknown) => {
      write.fail();
      throw error;
    });
    const answered = (): void => {
      write.end(puppet);
      afterAnswer();
      isOver();
      this.#markAnswered(saved);
      void this.proofs.askLater(puppet, trace);
    };
    return { puppet, answered };
  }

  /** Where it fails, others find out by themselves after a while. */
  #markAnswered(saved: Puppet): void {
    this.#marks
      .add(this.repository.markAnswered(saved))
      .catch((err: unknown) => this.log.debug({ openKfId: saved.openKfId, err }, 'registry.mark_failed'));
  }
}

/** Gives a place back when the registration is over: answered, or not taken. */
async function leavingWhenOver(leave: () => void, work: Promise<Registered>): Promise<Registered> {
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
