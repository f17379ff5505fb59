/** Whom the customers of a seat write to. */
import type { Seat } from './program.js';

export const ACCOUNTS = ['售前', '售后'];
/** So many that of 1,000 messages none of them writes more than WeCom lets a bot answer at once: 5 (94677). */
export const CUSTOMERS = Array.from({ length: 200 }, (_, n) => String(n + 1));

export function nameOf({ program, reach }: Seat): string {
  return `${program.name} ${reach.label}`;
}
