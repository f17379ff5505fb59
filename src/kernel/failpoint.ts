/**
 * Marks an instruction at which the process may die without losing anything. It does nothing here; the
 * fault runs put one that kills the process in its place, in a copy of the build.
 */
export function failpoint(_name: string): void {}
