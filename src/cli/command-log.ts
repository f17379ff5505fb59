import { destination, pino } from 'pino';
import type { Log } from '../kernel/log.js';

/** What parts of the manager have to warn of, on standard error; a command's own words are no log. */
export function createCommandLog(level: 'warn' | 'silent' = 'warn'): Log {
  return pino({ level, base: null }, destination({ dest: 2, sync: true }));
}
