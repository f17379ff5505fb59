/** No answer came: the manager is gone, the network is, or the deadline has passed. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(cause: unknown) {
    super('The manager does not answer', { cause });
  }
}
