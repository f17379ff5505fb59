/** An entry: one of the messages of an account, as stores keep it. Times are store time, epoch milliseconds. */
import type { Addressee } from '../../kernel/account.js';
import type { Identity } from '../../crypto/sealer.js';
import type { LastFailure } from './line.js';

/** `waiting` until somebody takes it; `dead` once given up, until it is revived or swept. */
export type EntryState = 'waiting' | 'dead';
export const ENTRY_STATES: readonly EntryState[] = ['waiting', 'dead'];

/** `known`: only its key is left, until a time. */
export type StoredState = EntryState | 'known';

export interface Entry extends Addressee {
  readonly key: string;
  readonly state: EntryState;
  /** Its place among the account's entries: the smallest number goes first. */
  readonly seq: number;
  /** Entries of one lane go one after the other. */
  readonly lane: string;
  /** Where its page begins. */
  readonly page: PageStart;
  /** `null` unless it waits. */
  readonly dueAtMs: number | null;
  readonly storedAtMs: number;
  readonly attempts: number;
  readonly refusals: number;
  readonly step: number;
  readonly lastFailure: LastFailure | null;
  /** What else it has: plain JSON. */
  readonly details: object;
  /** Sealed. `null` where it was read without it. */
  readonly content: string | null;
}

/** Where a pulled page begins. */
export interface PageStart {
  /** Identifies the app whose cursor it is. */
  readonly appId: string;
  /** `''` for the beginning. */
  readonly cursor: string;
}

/** An entry of which only the key is left, until `untilMs`. */
export interface KnownEntry extends Addressee {
  readonly key: string;
  readonly untilMs: number;
}

/** Which entries; what is left out, or `null`, does not matter. */
export interface EntryFilter {
  readonly states: readonly StoredState[];
  readonly keys?: readonly string[];
  readonly corpId?: string | null;
  readonly openKfId?: string | null;
  readonly lane?: string;
  /** The cursor where their page begins. */
  readonly pageCursor?: string;
  readonly seqFrom?: number;
  readonly storedUntilMs?: number;
  /** Due later than this. */
  readonly dueAfterMs?: number;
}

/** The last entry of a page. */
export interface EntryPlace {
  /** `accountKey`. */
  readonly account: string;
  readonly seq: number;
}

export interface EntryPage {
  /** `place`: account by account, each in its order. */
  readonly by: 'place' | 'storedAtMs';
  readonly limit: number;
  /** The last entry of the page before, by `place`; left out for the first page. */
  readonly after?: EntryPlace;
  readonly withContent?: boolean;
}

/** Of the first waiting entry of each lane of an account. */
export interface LanePage {
  readonly by: 'seq' | 'dueAtMs';
  readonly limit: number;
  /** Only those that are due by then; left out for any. */
  readonly dueByMs?: number | undefined;
  /** Lanes of which nothing is listed. */
  readonly without?: ReadonlySet<string>;
  readonly withContent?: boolean;
}

export interface EntryCounts {
  readonly waiting: number;
  readonly dead: number;
  /** When the one that waits longest was stored; `null` when none waits. */
  readonly oldestWaitingAtMs: number | null;
}

/** Of an account that has any. */
export interface AccountEntries extends Addressee, EntryCounts {}

export interface ContentOwner extends Addressee {
  /** Of its details. */
  readonly msgid: string;
}

/** The content of an entry opens only in the record of this entry. */
export function contentIdentityOf({ corpId, openKfId, msgid }: ContentOwner): Identity {
  return ['message', corpId, openKfId, msgid, 'content'];
}
