import { Injectable } from '@nestjs/common';
import type { OperatorDirectory, NamedOperator } from '../http/access/operator-directory.js';
import { Clock } from '../kernel/clock.js';
import { SerialRuns } from '../kernel/serial-runs.js';
import { type Records, RecordStore } from '../storage/records/records.js';
import {
  ENDED_SESSIONS,
  type EndedSession,
  hashOfToken,
  type Operator,
  OPERATORS,
  surplusBeside,
  TOKEN_PREFIX,
  tokenIdOf,
} from './operator.js';

interface KnownOperator extends Operator, NamedOperator {}

/** All operators and ended sessions, in memory, as the store has them since the last read. */
@Injectable()
export class KnownOperators implements OperatorDirectory {
  /** Whether other processes may write to the same store. */
  readonly isShared: boolean;
  readonly #operators: Records<Operator>;
  readonly #endedSessions: Records<EndedSession>;
  #byName: ReadonlyMap<string, KnownOperator> = new Map();
  #byTokenId: ReadonlyMap<string, KnownOperator> = new Map();
  #ended: ReadonlySet<string> = new Set();
  /** Sessions that this process ended and the store does not have yet. */
  readonly #unwritten = new Map<string, EndedSession>();
  #isLoaded = false;
  readonly #reads = new SerialRuns(() => this.#read());
  readonly #writes = new SerialRuns(() => this.#write());
  #onEnd: () => void = () => {};

  constructor(
    records: RecordStore,
    private readonly clock: Clock,
  ) {
    this.isShared = records.isShared;
    this.#operators = records.of(OPERATORS);
    this.#endedSessions = records.of(ENDED_SESSIONS);
  }

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

  /** @param listener is called when `write` has something to store. */
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
      if (session.endMs > nowMs) await this.#store(session);
      done.push(session.id);
    }
    if (done.length === 0) return;
    await this.read();
    for (const id of done) this.#unwritten.delete(id);
  }

  async #store(session: EndedSession): Promise<void> {
    const ofToken = await this.#endedSessions.findBy(session.tokenId);
    await this.#endedSessions.writeAll([session], surplusBeside(session, ofToken));
  }

  async #read(): Promise<void> {
    const ended = await this.#endedSessions.changes();
    if (ended !== null) this.#ended = new Set(ended.map(({ id }) => id));
    const operators = await this.#operators.changes();
    if (operators !== null) this.#take(operators);
    this.#isLoaded = true;
  }

  #take(operators: readonly Operator[]): void {
    const all = operators.map((operator) => ({
      ...operator,
      tokenId: tokenIdOf(operator.token),
      tokenHash: operator.token.hash,
    }));
    this.#byName = new Map(all.map((operator) => [operator.name, operator]));
    this.#byTokenId = new Map(all.map((operator) => [operator.tokenId, operator]));
  }
}
