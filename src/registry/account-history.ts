import { Injectable } from '@nestjs/common';

/** What a feature remembers about accounts besides their registrations. */
export interface AccountHistory {
  /** Drops everything about the account. Its registration was forgotten, and the next one may be somebody else's. */
  forget(openKfId: string): void;
}

/** Those of all features: each adds its own. */
@Injectable()
export class AccountHistories {
  readonly #all: AccountHistory[] = [];

  add(history: AccountHistory): void {
    this.#all.push(history);
  }

  forget(openKfId: string): void {
    for (const history of this.#all) history.forget(openKfId);
  }
}
