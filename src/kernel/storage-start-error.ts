/** The storage cannot be used and will not heal by waiting: one line for a person, then exit code 1. */
export class StorageStartError extends Error {
  override readonly name = 'StorageStartError';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
