import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { AccountPlace } from './account-places.js';
import type { Puppet, Registration } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { RegistrationsUnderWay } from '../puppets/registrations-under-way.js';
import { inTime, PuppetWrites } from '../puppets/puppet-writes.js';
import { SecretProofs } from '../puppets/secret-proofs.js';
import { type RegistrationSource, mayRegister } from './takeover-guard.js';
import { WaitingEvents } from '../accounts/waiting-events.js';

/** How long a stop waits for notes. Without them the next process would hold back events of puppets that were answered. */
const LAST_NOTES_LIMIT_MS = 5_000;

/** A registration that is stored and not yet in use. */
export interface NewRegistration {
  readonly puppet: Puppet;
  /**
   * Call it in the tick in which the answer was written. Nothing is delivered to the new endpoint before: a delivery
   * that precedes the answer crashes the deployed puppet.
   */
  answered(): void;
}

/** Stores registrations. Each is used only after it was answered, and a note in the store says that it was. */
@Injectable()
export class RegistrationWriter {
  readonly #marks = new BackgroundWork();

  constructor(
    private readonly underWay: RegistrationsUnderWay,
    private readonly writes: PuppetWrites,
    private readonly proofs: SecretProofs,
    private readonly waiting: WaitingEvents,
    private readonly repository: PuppetRepository,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Waits, for a limited time, until all answered registrations and all accepted secrets are noted. */
  async whenNoted(): Promise<void> {
    const noted = Promise.all([this.#marks.whenOver(), this.proofs.whenNoted()]);
    await withinDeadline(LAST_NOTES_LIMIT_MS, 'mark', noted).catch(() => {});
  }

  /**
   * @returns `null` when the registration may not replace what is stored.
   * @throws AppError `STORE_UNAVAILABLE`, `REGISTRY_FULL`, `REGISTRY_CORP_FULL`
   */
  async write(
    place: AccountPlace,
    registration: Registration,
    isProven: boolean,
    asked: RegistrationSource,
  ): Promise<NewRegistration | null> {
    const isOver = this.underWay.begin(registration.openKfId);
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
    { requestId, trace = null }: RegistrationSource,
    isOver: () => void,
  ): Promise<NewRegistration | null> {
    const { openKfId, corpId, corpSecret } = registration;
    const acceptedSecretId = isProven
      ? secretIdOf(corpId, corpSecret)
      : this.proofs.findAcceptedId(corpId, corpSecret);
    let before: Puppet | null = null;
    const mayReplace = (stored: Puppet | null): boolean => {
      before = stored;
      return place.refusalOf(stored) === null && mayRegister(stored, registration, isProven);
    };
    const write = this.writes.begin(openKfId);
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
    const afterAnswer = await this.waiting.claimFor(puppet).catch((error: unknown) => {
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

  /** If it fails, other processes wait 5 s for the note, and then send events all the same. */
  #markAnswered(saved: Puppet): void {
    this.#marks
      .add(this.repository.markAnswered(saved))
      .catch((err: unknown) => this.log.debug({ openKfId: saved.openKfId, err }, 'registry.mark_failed'));
  }
}

/** Logs one line for each registration, and a second one if it changes who gets an account's events. */
function logRegistration(
  log: Log,
  before: Puppet | null,
  after: Puppet,
  requestId: string | undefined,
): void {
  const { openKfId, corpId, endpoint, from } = after;
  const isNew = before === null;
  log.info({ openKfId, corpId, endpoint, isNew, from, requestId }, 'registry.registered');
  const changed = before === null ? [] : changesOf(before, after);
  if (before === null || changed.length === 0) return;
  const endpointBefore = before.endpoint;
  log.info({ openKfId, corpId, changed, endpoint, endpointBefore, from, requestId }, 'registry.changed');
}

/** The changed fields, by the names that puppets send, without their values. */
function changesOf(before: Puppet, after: Puppet): string[] {
  const isChanged = {
    endpoint: before.endpoint !== after.endpoint,
    corpSecret: !before.corpSecret.equals(after.corpSecret),
    token: !before.callbackToken.equals(after.callbackToken),
    encodingAESKey: !before.encodingAESKey.equals(after.encodingAESKey),
  };
  return Object.entries(isChanged).flatMap(([name, is]) => (is ? [name] : []));
}
