import { Injectable } from '@nestjs/common';
import { type Addressee, customerKey } from '../kernel/account.js';
import { StoreClock } from '../kernel/store-clock.js';
import { type Records, RecordStore } from '../storage/records/records.js';
import {
  fromStored,
  newSession,
  SESSIONS,
  type Session,
  type StoredSession,
  toStored,
  WITH_TEXTS,
} from './session.js';

/** Where sessions are kept, one record for each customer of an account. Methods reject with AppError `STORE_UNAVAILABLE`. */
@Injectable()
export class SessionStore {
  readonly #records: Records<StoredSession>;

  constructor(
    records: RecordStore,
    private readonly storeClock: StoreClock,
  ) {
    this.#records = records.of(SESSIONS);
  }

  /**
   * Takes one step. If another process takes one meanwhile, `step` is asked again.
   * @param step returns the same session to leave it as it is.
   * @returns the session after it.
   */
  async change(account: Addressee, customer: string, step: (session: Session) => Session): Promise<Session> {
    const nowMs = this.storeClock.nowMs();
    let after = newSession(account, customer, nowMs);
    await this.#records.change(customerKey(account, customer), (stored) => {
      const before = fromStored(stored, nowMs) ?? newSession(account, customer, nowMs);
      after = step(before);
      return after === before ? null : toStored(after);
    });
    return after;
  }

  /** Sessions with a text that is to be sent. */
  async listWithTexts(): Promise<readonly Session[]> {
    const stored = await this.#records.findBy(WITH_TEXTS);
    return stored.flatMap((one) => fromStored(one, this.storeClock.nowMs()) ?? []);
  }

  /** How many customers there are, by `holdingKey`, besides other keys. */
  countHolders(): Promise<ReadonlyMap<string, number>> {
    return this.#records.lookupCounts();
  }

  /** The customers with this `holdingKey`. */
  async with(key: string): Promise<readonly StoredSession[]> {
    const nowMs = this.storeClock.nowMs();
    return (await this.#records.findBy(key)).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }
}
