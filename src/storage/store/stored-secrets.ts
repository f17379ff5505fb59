import type { ResealReport } from '../records/records.js';
import type { ResealRules } from './resealing.js';

/** All secrets as they are stored, also those of records that were set aside; for the commands of the shell. */
export abstract class StoredSecrets {
  /**
   * Writes every secret as `resealing` wants it and leaves all else as it is; safe to repeat and to break off.
   * A record that does not open is removed if it is made anew by itself.
   * @throws AppError `STORE_UNAVAILABLE`, StorageStartError; what was written until then is as it should be.
   */
  abstract rewrite(resealing: ResealRules, report: ResealReport): Promise<void>;

  /** Removes the traces of overwritten secrets from files that are ours. It closes such a store for good. */
  abstract eraseOverwritten(): Promise<void>;
}
