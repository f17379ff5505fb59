/** Ends a command with one line of text. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The same for a mistake in the command line itself: exit code 2. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}
