import type { Resealing } from './resealing.js';

/** Records. */
export interface ResealCounts {
  readonly lookedAt: number;
  readonly changed: number;
}

/** Collects the progress, batch by batch. */
export interface ResealReport {
  add(counts: Partial<ResealCounts>): void;
  /** A record that stays as it is. */
  cannotOpen(record: string, keyId: string): void;
}

/** All secrets as they are stored, those of records that nothing is routed by included; for the shell. */
export abstract class StoredSecrets {
  /**
   * Writes every secret as `resealing` wants it and leaves all else as it is; safe to repeat and to break off.
   * An access token that cannot be opened is dropped: it is asked for anew.
   * @throws AppError `STORE_UNAVAILABLE`, StorageStartError; what was written until then is as it should be.
   */
  abstract rewrite(resealing: Resealing, report: ResealReport): Promise<void>;

  /** Leaves nothing of what was overwritten in files that are ours, where it closes the store for good. */
  abstract eraseOverwritten(): Promise<void>;
}
