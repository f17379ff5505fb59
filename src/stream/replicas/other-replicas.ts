import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { ReplicaClient, ReplicaError } from './replica-client.js';
import { ReplicaSync } from './replica-sync.js';
import type { StreamReplica } from './stream-directory.js';

/** A person waits for the answer. */
const LIMIT_MS = 500;
/** How long one that did not answer is not asked again, so that people do not wait for it at each of their calls. */
const PAUSE_MS = 5_000;

/** What other replicas told. */
export interface Told<T> {
  readonly answers: readonly T[];
  /** How many did not answer, or in a way that is not known here. */
  readonly missing: number;
}

/** Asks all other replicas the same. Where there is one process, nobody. */
@Injectable()
export class OtherReplicas {
  readonly #pausedUntilMs = new Map<string, number>();

  constructor(
    private readonly sync: ReplicaSync,
    private readonly calls: ReplicaClient,
    private readonly clock: Clock,
  ) {}

  /** Takes at most 500 ms. @param read gives `null` for what it does not know, as a replica of another version may answer. */
  async ask<T>(path: string, body: object, read: (answer: unknown) => T | null): Promise<Told<T>> {
    const others = this.sync.others;
    this.#forgetGone(others);
    const answers = await Promise.all(others.map((other) => this.#ask(other, path, body, read)));
    const known = answers.filter((answer) => answer !== null);
    return { answers: known, missing: others.length - known.length + this.sync.doubted };
  }

  async #ask<T>(
    replica: StreamReplica,
    path: string,
    body: object,
    read: (answer: unknown) => T | null,
  ): Promise<T | null> {
    if (this.clock.elapsedMs() < (this.#pausedUntilMs.get(replica.id) ?? 0)) return null;
    let answer: unknown;
    try {
      answer = await this.calls.call(replica, path, body, LIMIT_MS);
    } catch (error) {
      if (!(error instanceof ReplicaError)) throw error;
      this.#pausedUntilMs.set(replica.id, this.clock.elapsedMs() + PAUSE_MS);
      return null;
    }
    try {
      return read(answer);
    } catch {
      // Whatever it is, it is not of this version.
      return null;
    }
  }

  #forgetGone(others: readonly StreamReplica[]): void {
    const ids = new Set(others.map(({ id }) => id));
    for (const id of this.#pausedUntilMs.keys()) if (!ids.has(id)) this.#pausedUntilMs.delete(id);
  }
}
