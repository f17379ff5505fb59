/** A process above this leaks memory: the idle process takes a tenth of it. */
const RSS_BYTES_MAX = 1_536 * 1024 * 1024;

/**
 * The process's memory limit: `RSS_BYTES_MAX`, or the container's limit if that is lower.
 * @param constrained the container's limit in bytes. Node reports 0, or more memory than the machine has, when there is none.
 */
export function memoryLimitBytes(constrained: number = process.constrainedMemory()): number {
  return constrained > 0 ? Math.min(RSS_BYTES_MAX, constrained) : RSS_BYTES_MAX;
}
