/** What a feature remembers about accounts besides their registrations. */
export abstract class AccountHistory {
  /** Drops everything about the account. Its registration was forgotten, and the next one may be somebody else's. */
  abstract forget(openKfId: string): void;
}
