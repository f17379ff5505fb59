import { Injectable } from '@nestjs/common';
import type { OperatorDirectory, NamedOperator } from '../http/access/operator-keys.js';
import { Clock } from '../kernel/clock.js';
import { SerialRuns } from '../kernel/serial-runs.js';
import { type EndedSession, hashOfToken, type Operator, TOKEN_PREFIX, tokenIdOf } from './operator.js';
import { OperatorRepository } from './operator.repository.js';

interface KnownOperator extends Operator, NamedOperator {}

/** All operators and ended sessions, in memory, as the store has them since the last read. */
@Injectable()
export class KnownOperators implements OperatorDirectory {
  #byName: ReadonlyMap<string, KnownOperator> = new Map();
  #byTokenId: ReadonlyMap<string, KnownOperator> = new Map();
  #ended: ReadonlySet<string> = new Set();
  /** Those that this process ended and the store does not have yet. */
  readonly #unwritten = new Map<string, EndedSession>();
  #isLoaded = false;
  readonly #reads = new SerialRuns(() => this.#read());
  readonly #writes = new SerialRuns(() => this.#write());
  #onEnd: () => void = () => {};

  constructor(
    private readonly repository: OperatorRepository,
    private readonly clock: Clock,
  ) {}

  mayBecomeKnown(token: string): boolean {
    return !this.#isLoaded && token.startsWith(TOKEN_PREFIX);
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  get hasAny(): boolean {
    return this.#byName.size > 0;
  }

  list(): readonly Operator[] {
    return [...this.#byName.values()];
  }

  find(name: string): Operator | null {
    return this.#byName.get(name) ?? null;
  }

  findByToken(token: string): NamedOperator | null {
    const hash = hashOfToken(token);
    const operator = this.findByTokenId(tokenIdOf({ hash }));
    return operator?.tokenHash === hash ? operator : null;
  }

  findByTokenId(tokenId: string): NamedOperator | null {
    return this.#byTokenId.get(tokenId) ?? null;
  }

  isEnded(sessionId: string): boolean {
    return this.#ended.has(sessionId) || this.#unwritten.has(sessionId);
  }

  endSession(session: EndedSession): void {
    this.#unwritten.set(session.id, session);
    this.#onEnd();
  }

  /** @param listener is told when there is something for `write`. */
  whenEnded(listener: () => void): void {
    this.#onEnd = listener;
  }

  /** Brings in everything that was written before the call. @throws AppError `STORE_UNAVAILABLE` */
  read(): Promise<void> {
    return this.#reads.run();
  }

  /** Stores which sessions this process ended. @throws AppError `STORE_UNAVAILABLE`; the next call tries again. */
  write(): Promise<void> {
    return this.#writes.run();
  }

  async #write(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const done: string[] = [];
    for (const session of [...this.#unwritten.values()]) {
      if (session.endMs > nowMs) await this.repository.endSession(session, nowMs);
      done.push(session.id);
    }
    if (done.length === 0) return;
    await this.read();
    for (const id of done) this.#unwritten.delete(id);
  }

  async #read(): Promise<void> {
    const stored = await this.repository.changes();
    if (stored === null) return;
    this.#take(stored.operators, stored.endedSessions);
    this.#isLoaded = true;
  }

  #take(operators: readonly Operator[], ended: readonly EndedSession[]): void {
    const all = operators.map((operator) => ({
      ...operator,
      tokenId: tokenIdOf(operator.token),
      tokenHash: operator.token.hash,
    }));
    this.#byName = new Map(all.map((operator) => [operator.name, operator]));
    this.#byTokenId = new Map(all.map((operator) => [operator.tokenId, operator]));
    this.#ended = new Set(ended.map(({ id }) => id));
  }
}
