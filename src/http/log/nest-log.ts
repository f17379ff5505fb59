import type { LoggerService } from '@nestjs/common';
import type { Log } from '../../kernel/log.js';

/** What fails there ends the start, and `start.ts` logs the reason, once. */
const OF_THE_START = new Set(['ExceptionHandler', 'NestApplication']);

/** Writes Nest's own lines into our log; those of its start only at `debug`. */
export class NestLog implements LoggerService {
  constructor(private readonly output: Log) {}

  log(message: unknown, context?: string): void {
    this.output.debug({ context, text: String(message) }, 'nest.said');
  }

  warn(message: unknown, context?: string): void {
    this.output.warn({ context, text: String(message) }, 'nest.warned');
  }

  error(message: unknown, stack?: string, context?: string): void {
    if (OF_THE_START.has(context ?? '')) return;
    this.output.error({ context, text: String(message), stack }, 'nest.failed');
  }
}
