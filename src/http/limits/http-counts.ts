import type { Server } from 'node:http';
import { promisify } from 'node:util';
import type { ErrorCode } from '../../kernel/error-table.js';

/** Which limit a connection was refused or cut for. */
export type ConnectionLimit = 'inAll' | 'perAddress' | 'pipelined';

/** Counts error answers and refused connections since the start. */
export class HttpCounts {
  readonly errorAnswers = new Map<ErrorCode, number>();
  readonly refusedConnections: Record<ConnectionLimit, number> = { inAll: 0, perAddress: 0, pipelined: 0 };

  constructor(private readonly server: Server) {}

  errorAnswered(code: ErrorCode): void {
    this.errorAnswers.set(code, (this.errorAnswers.get(code) ?? 0) + 1);
  }

  /** Connections that are open now. */
  openConnections(): Promise<number> {
    return promisify(this.server.getConnections.bind(this.server))();
  }
}
