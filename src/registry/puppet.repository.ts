import type { Puppet, Registration } from './puppet.js';

/** Where the next call of `changes` goes on; only its adapter can read it. */
export type ChangeCursor = string;

export interface Changes {
  readonly puppets: readonly Puppet[];
  /** Accounts that were forgotten and have not registered again. */
  readonly forgotten: readonly string[];
  readonly cursor: ChangeCursor;
  /** More are there already: the next call, with this cursor, tells them. */
  readonly hasMore: boolean;
}

/** Says of what is stored of an account, `null` for nothing, whether it may be changed; called perhaps more than once. */
export type Judge = (stored: Puppet | null) => boolean;

/**
 * The registrations, durably, one per kf account. A read rejects with AppError `STORE_UNAVAILABLE` when
 * the store does not answer in time. A write settles when its outcome is known, which may be late; where
 * it rejects, it may have happened or not, and each can be repeated.
 */
export abstract class PuppetRepository {
  /** Whether other processes write here too. If not, an image that was loaded once is complete. */
  abstract readonly isShared: boolean;

  /** All puppets, in batches, in no order; waits for nothing that a store has not got ready yet. */
  abstract load(): AsyncIterable<readonly Puppet[]>;

  /** @returns `null` when the kf account was never registered. */
  abstract find(openKfId: string): Promise<Puppet | null>;

  /** Up to `limit` puppets of the corp, online or not. */
  abstract listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]>;

  /**
   * Writes the registration as online at `nowMs`, in place of the earlier one of its kf account, if `mayReplace`
   * agrees to corp and secret of what is replaced. An `acceptedSecretId` of `null` leaves the stored one.
   * @returns `null` when it did not agree, and nothing was changed.
   */
  abstract save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null>;

  /**
   * Puts a puppet back as it once was, all of it at once, in place of what is stored of its account, if `mayReplace`
   * agrees to that. Its registration counts as answered.
   * @returns false when it did not agree, and nothing was changed.
   */
  abstract restore(puppet: Puppet, mayReplace: Judge): Promise<boolean>;

  /** Removes the registration of the account. @returns what it was; `null` when there was none. */
  abstract forget(openKfId: string): Promise<Puppet | null>;

  /**
   * Marks the puppet offline at `nowMs` if it belongs to the corp and, where `endpoint` is given, is
   * still the one registered there; and not if the goodbye comes from an address that the latest
   * registration replaced. One that anybody could have said is noted as such: see `isDoubted`.
   * @returns the puppet as it is now; `null` when nothing matched and nothing was changed.
   */
  abstract markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null>;

  /**
   * Marks the puppet online at `nowMs` if it is still registered with this corp and endpoint: it took
   * something, so its registration has its answer too.
   * @returns as `markOffline` does.
   */
  abstract markOnline(
    puppet: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null>;

  /** The registration, if it is still this one, has its answer. Where nobody else reads it has it from the start. */
  abstract markAnswered(puppet: Puppet): Promise<void>;

  /**
   * Notes that WeCom accepted the secret with this id, if `isOf` agrees to corp and secret of what is stored.
   * @returns as `markOffline` does.
   */
  abstract markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null>;

  /**
   * What was written since `cursor` by any process, own writes included, at most a batch at a time; may
   * tell the same change more than once. `null` begins: it gives a cursor and no puppets. In a store that is not shared
   * there is nothing to tell.
   */
  abstract changes(cursor: ChangeCursor | null): Promise<Changes>;
}

export interface Goodbye {
  readonly openKfId: string;
  readonly corpId: string;
  readonly endpoint?: string | undefined;
  /** The address that it comes from. */
  readonly from?: string | undefined;
}

/** Whether any puppet could have said the goodbye: it names no endpoint, and comes from another address than the registration. */
export function isDoubted({ endpoint, from }: Goodbye, puppet: Pick<Puppet, 'from'>): boolean {
  return endpoint === undefined && from !== undefined && from !== puppet.from;
}

/** Whether a goodbye comes from a puppet that was replaced, and not from the one that replaced it. */
export function isFromReplaced({ from }: Goodbye, puppet: Pick<Puppet, 'from' | 'replacedFrom'>): boolean {
  return from !== undefined && from !== puppet.from && puppet.replacedFrom.includes(from);
}
