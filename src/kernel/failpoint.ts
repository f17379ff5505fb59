/**
 * Marks an instruction at which the process may die without losing anything. It does nothing here; the
 * fault runs put a file in its place that kills the process.
 */
export function failpoint(_name: string): void {}
