/** Whoever remembers something of accounts besides their registrations. */
export abstract class AccountHistory {
  /** The account is not registered any more: who has it next is somebody else. */
  abstract forget(openKfId: string): void;
}
