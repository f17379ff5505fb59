/** Above this something leaks: the idle process takes a tenth of it. */
const RSS_BYTES_MAX = 1_536 * 1024 * 1024;

/** What the process may take: that, or less where its container has less (`0` or more than there is: it has no limit). */
export function memoryLimitBytes(constrained: number = process.constrainedMemory()): number {
  return constrained > 0 ? Math.min(RSS_BYTES_MAX, constrained) : RSS_BYTES_MAX;
}
