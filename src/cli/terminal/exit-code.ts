/** The exit codes of commands, as in docs/reference/cli.md. */
export const EXIT_CODE = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** `connect`: the manager does not take the bot's key, or does not any more. */
  keyRefused: 3,
  /** `connect`: the same client has connected elsewhere. */
  replaced: 4,
  /** Ctrl-C, as in shells. */
  interrupted: 130,
  terminated: 143,
  /** The reader of standard output has closed it, as `head` does. Shells give this code. */
  outputClosed: 141,
} as const;
