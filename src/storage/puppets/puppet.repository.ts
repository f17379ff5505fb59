import type { Puppet, Registration } from './puppet.js';

/** Where the next call of `changes` continues. Opaque: only the adapter reads it. */
export type ChangeCursor = string;

export interface Changes {
  readonly puppets: readonly Puppet[];
  /** Accounts that were forgotten and have not registered again. */
  readonly forgotten: readonly string[];
  readonly cursor: ChangeCursor;
  /** Whether the next call, with this cursor, returns more at once. */
  readonly hasMore: boolean;
}

/** Whether the stored registration may be changed; `null` when there is none. An adapter may call it more than once. */
export type Judge = (stored: Puppet | null) => boolean;

/**
 * Durable registrations, one per kf account. A read rejects with AppError `STORE_UNAVAILABLE` when the store does not
 * answer in time. A write settles once its outcome is known, which may take longer. A rejected write may have happened;
 * every write is safe to repeat.
 */
export abstract class PuppetRepository {
  /** Whether other processes write here too. If not, an image loaded once stays complete. */
  abstract readonly isShared: boolean;

  /** All puppets, in batches, in no order. */
  abstract load(): AsyncIterable<readonly Puppet[]>;

  /** @returns `null` when the kf account was never registered. */
  abstract find(openKfId: string): Promise<Puppet | null>;

  /** Up to `limit` puppets of the corp, online or not. */
  abstract listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]>;

  /**
   * Stores the registration as online at `nowMs`. It replaces the kf account's earlier one if `mayReplace` accepts that
   * one's corp and secret. With an `acceptedSecretId` of `null` the stored one is kept.
   * @returns `null` when `mayReplace` refused; nothing was changed.
   */
  abstract save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null>;

  /**
   * Stores a puppet with all its fields, as it once was. It replaces the account's stored puppet if `mayReplace` accepts.
   * The registration counts as answered.
   * @returns false when `mayReplace` refused; nothing was changed.
   */
  abstract restore(puppet: Puppet, mayReplace: Judge): Promise<boolean>;

  /** Removes the account's registration. @returns the removed one; `null` when there was none. */
  abstract forget(openKfId: string): Promise<Puppet | null>;

  /**
   * Marks the puppet offline at `nowMs` if it belongs to the corp and, when the goodbye names an endpoint, is still
   * registered there. A goodbye from an address that the latest registration replaced is ignored. A goodbye that anybody
   * could have sent is stored as such: see `isDoubted`.
   * @returns the puppet as it is now; `null` when nothing matched; nothing was changed then.
   */
  abstract markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null>;

  /**
   * Marks the puppet online at `nowMs` if it is still registered with this corp and endpoint. It took an event, so its
   * registration counts as answered too.
   * @returns as `markOffline` does.
   */
  abstract markOnline(
    puppet: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null>;

  /** Marks the registration as answered, if it is still this one. In a store that is not shared it is answered from the start. */
  abstract markAnswered(puppet: Puppet): Promise<void>;

  /**
   * Stores that WeCom accepted the secret with this id, if `isOf` accepts the stored corp and secret.
   * @returns as `markOffline` does.
   */
  abstract markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null>;

  /**
   * What any process, this one included, has written since `cursor`, one batch a call. May return a change more than
   * once. A cursor of `null` starts: the answer has a cursor and no puppets. A store that is not shared never has changes.
   */
  abstract changes(cursor: ChangeCursor | null): Promise<Changes>;
}

export interface Goodbye {
  readonly openKfId: string;
  readonly corpId: string;
  readonly endpoint?: string | undefined;
  /** The sender's address. */
  readonly from?: string | undefined;
}

/** Whether anybody could have sent the goodbye: it names no endpoint and comes from another address than the registration. */
export function isDoubted({ endpoint, from }: Goodbye, puppet: Pick<Puppet, 'from'>): boolean {
  return endpoint === undefined && from !== undefined && from !== puppet.from;
}

/** Whether the goodbye comes from a puppet that a later registration has replaced. */
export function isFromReplaced({ from }: Goodbye, puppet: Pick<Puppet, 'from' | 'replacedFrom'>): boolean {
  return from !== undefined && from !== puppet.from && puppet.replacedFrom.includes(from);
}
