import { Injectable } from '@nestjs/common';

/** What a feature remembers about accounts besides their registrations. */
export interface AccountHistory {
  /** Drops everything about the account: whoever has it next may be somebody else. */
  forget(openKfId: string): void;

  /** The accounts of the corp about which it remembers something. Scans all. */
  accountsOf(corpId: string): readonly string[];
}

/** The histories of all features. Each feature adds its own. */
@Injectable()
export class AccountHistories {
  readonly #all: AccountHistory[] = [];

  add(history: AccountHistory): void {
    this.#all.push(history);
  }

  forget(openKfId: string): void {
    for (const history of this.#all) history.forget(openKfId);
  }

  accountsOf(corpId: string): ReadonlySet<string> {
    return new Set(this.#all.flatMap((history) => history.accountsOf(corpId)));
  }
}
