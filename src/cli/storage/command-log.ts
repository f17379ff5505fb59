import { destination, pino } from 'pino';
import type { Log } from '../../kernel/log.js';

/** Prints warnings of the manager's parts on standard error. A command's own output is no log. */
export function createCommandLog(level: 'warn' | 'silent' = 'warn'): Log {
  return pino({ level, base: null }, destination({ dest: 2, sync: true }));
}
