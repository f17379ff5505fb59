/** What a command ends with; docs/cli.md says the same. */
export const EXIT_CODE = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** Ctrl-C, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;
