/**
 * Names an instant at which a crash would hurt most. It does nothing in the product; the fault runs replace
 * this file in a copy of the build by one that ends the process there.
 */
export function failpoint(_name: string): void {}
