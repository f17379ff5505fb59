/** Whom the customers of a seat write to. */
import type { Seat } from './program.js';

export const ACCOUNTS = ['售前', '售后'];
export const CUSTOMERS = ['1', '2', '3', '4', '5', '6'];

export function nameOf({ program, reach }: Seat): string {
  return `${program.name} ${reach.label}`;
}
