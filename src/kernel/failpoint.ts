/**
 * Marks an instruction at which the process may die without losing anything. It does nothing here; the
 * fault runs bundle one that kills the process in its place.
 */
export function failpoint(_name: string): void {}
