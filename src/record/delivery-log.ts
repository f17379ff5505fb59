import type { LoggedRecord, RecordOutcome } from './delivery-record.js';

/** The kf account that a record is of. */
export interface RecordAccount {
  readonly corpId: string;
  readonly openKfId: string;
}

/** What is looked for; `null` for any. All of it must match. */
export interface RecordFilter {
  /** Store time, inclusive. */
  readonly fromMs: number | null;
  /** Store time, exclusive. */
  readonly toMs: number | null;
  readonly corpId: string | null;
  readonly openKfId: string | null;
  readonly webhookId: string | null;
  readonly outcome: RecordOutcome | null;
  readonly words: Words | null;
}

/** What a person typed; one match is enough. */
export interface Words {
  /** A whole corp id, account id or webhook-id. */
  readonly id: string;
  /** Accounts that are known by what was typed. */
  readonly openKfIds: readonly string[];
}

export interface RecordPage {
  /** The newest first. */
  readonly records: readonly LoggedRecord[];
  /** Where the next page begins; `null` at the end. */
  readonly nextBefore: string | null;
}

/** How many records of one story are read at most. */
export const STORY_MAX = 500;

/**
 * Records that are written together. Each is encoded when it is added: encoding a hundred at once would hold up callbacks, and V8
 * would have to copy the objects that wait.
 */
export interface RecordBatch {
  /** Of records. */
  readonly length: number;
  add(record: LoggedRecord): void;
  /** To be called once. @throws Error when not all of it was written, as far as is known. */
  write(): Promise<void>;
}

/**
 * Keeps the records of deliveries for some days, up to some size, the oldest going first. What is appended may be lost with the
 * last seconds of a process or a machine. Nobody who delivers waits for it.
 */
export abstract class DeliveryLog {
  /** An empty one. */
  abstract newBatch(): RecordBatch;

  /**
   * A page of what is listed (`isRow`), the newest first. May have fewer than `limit` records, even none, without being the
   * last.
   * @param before only records with smaller ids; `null` for all.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage>;

  /** @throws AppError `STORE_UNAVAILABLE` */
  abstract find(id: string): Promise<LoggedRecord | null>;

  /** All records with this webhook-id, the oldest first, `STORY_MAX` at most. @throws AppError `STORE_UNAVAILABLE` */
  abstract story(webhookId: string): Promise<readonly LoggedRecord[]>;

  /**
   * The first records of the account after that id that are endings (`isEnding`), the oldest first. May have fewer than
   * `limit` although there are more.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  abstract endings(account: RecordAccount, after: string, limit: number): Promise<readonly LoggedRecord[]>;

  /** When the oldest record was written, store time; `null` while there is none. @throws AppError `STORE_UNAVAILABLE` */
  abstract reach(): Promise<number | null>;

  /** What it takes of the disk, about. @throws AppError `STORE_UNAVAILABLE` */
  abstract bytes(): Promise<number>;

  /** Removes what is too old, and the oldest of what is too much; all of it where there is to be no log. @throws AppError `STORE_UNAVAILABLE` */
  abstract sweep(nowMs: number): Promise<void>;
}

/** Whether it is what is looked for. */
export function isMatch(record: LoggedRecord, filter: RecordFilter): boolean {
  const { corpId, openKfId, webhookId, outcome, words } = filter;
  if (outcome !== null && record.outcome !== outcome) return false;
  if (corpId !== null && record.corpId !== corpId) return false;
  if (openKfId !== null && record.openKfId !== openKfId) return false;
  if (webhookId !== null && record.webhookId !== webhookId) return false;
  return words === null || hasWords(record, words);
}

function hasWords({ corpId, openKfId, webhookId }: LoggedRecord, { id, openKfIds }: Words): boolean {
  if (corpId === id || openKfId === id || webhookId === id) return true;
  return openKfId !== null && openKfIds.includes(openKfId);
}
