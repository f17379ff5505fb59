/** Whom the customers of a seat write to. */
import type { Seat } from './program.js';

export const ACCOUNTS = ['售前', '售后'];
/** So many that none of them writes more than WeCom lets a bot answer at once while the bot starts again. */
export const CUSTOMERS = Array.from({ length: 60 }, (_, n) => String(n + 1));

export function nameOf({ program, reach }: Seat): string {
  return `${program.name} ${reach.label}`;
}
