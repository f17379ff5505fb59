/** What is to be killed with the spec file, see environment.js: processes that a failed test left running. */
export const leftovers = new Set<() => void>();

Object.assign(globalThis, { leftovers });
