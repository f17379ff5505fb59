/** Above this something leaks: the idle process takes a tenth of it. */
const RSS_BYTES_MAX = 1_536 * 1024 * 1024;

/**
 * The process's memory limit: that, or less if its container has less. A container limit of `0`, or of more than
 * there is, means none.
 */
export function memoryLimitBytes(constrained: number = process.constrainedMemory()): number {
  return constrained > 0 ? Math.min(RSS_BYTES_MAX, constrained) : RSS_BYTES_MAX;
}
