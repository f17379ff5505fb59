import type { StorageProbe } from '../../storage/store/storage-probe.js';
import type { HintCounts } from '../../queue/event.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import type { AccountState } from '../accounts/account-states.js';
import type { Cause } from '../accounts/cause.js';
import type { CustomerCount } from '../accounts/customer-counts.js';
import type { StorageState } from '../accounts/store-counts.js';
import type { UnknownAccounts } from '../accounts/unknown-accounts.js';
import type { Totals } from '../figures/instruments.js';

/** The state of this process and of the store. */
export interface ProcessStatus {
  /** Store time of all that it says. */
  readonly atMs: number;
  readonly isReady: boolean;
  readonly storage: StorageState & Pick<StorageProbe, 'kind'>;
  readonly accounts: number;
  readonly unknownAccounts: UnknownAccounts;
  readonly online: number;
  /** Of the whole store; `null` where it does not answer. */
  readonly hints: HintCounts | null;
  readonly messages: EntryCounts | null;
  /** Of this replica. */
  readonly openCircuits: number;
  /** Of all accounts; `null` where no bot shares customers with people, or the store does not answer. */
  readonly customers: CustomerCount | null;
  readonly lastMinute: Totals;
}

/** Accounts whose bots took an event within the last hour, by the replies that this replica has seen. */
export interface RepliesSeen {
  /** A reply went out within the last hour. */
  readonly answering: number;
  /** An earlier one did. */
  readonly silent: number;
  /** No reply was ever seen: whether customers are answered is not known. */
  readonly unseen: number;
  /** When the last reply went out; `null` for none since the start. */
  readonly lastAtMs: number | null;
}

/** Whether customers are being answered. What each state means is told in `VerdictAnswer`. */
export interface Conclusion {
  readonly state: 'failing' | 'degraded' | 'answered' | 'partly' | 'unseen' | 'quiet' | 'empty';
  /** The worst first, at most `CAUSES_MAX`. */
  readonly causes: readonly Cause[];
  readonly moreCauses: number;
  readonly replies: RepliesSeen;
  readonly accounts: Readonly<Record<AccountState, number>>;
}
