import type { ResealReport } from '../records/records.js';
import type { Resealing } from './resealing.js';

/** All secrets as they are stored, those of records that nothing is routed by included; for the shell. */
export abstract class StoredSecrets {
  /**
   * Writes every secret as `resealing` wants it and leaves all else as it is; safe to repeat and to break off.
   * A record that does not open, and is made anew by itself, is dropped.
   * @throws AppError `STORE_UNAVAILABLE`, StorageStartError; what was written until then is as it should be.
   */
  abstract rewrite(resealing: Resealing, report: ResealReport): Promise<void>;

  /** Leaves nothing of what was overwritten in files that are ours, where it closes the store for good. */
  abstract eraseOverwritten(): Promise<void>;
}
