import { Injectable } from '@nestjs/common';
import type { BotConnection } from '../registry/bots/connected-bots.js';
import type { RecordKind } from '../storage/records/record-kind.js';
import { type Records, RecordStore } from '../storage/records/records.js';

/** How long the connections of a dead replica are kept: it may only be cut off from the store. */
const LEFT_MS = 60_000;

/** A process that clients may connect to, and its lease. */
export interface HeldReplica {
  readonly id: string;
  readonly untilMs: number;
  /** Grows by one with each change of the replica's connections. */
  readonly revision: number;
}

/** A replica whose lease runs. */
export interface SeenReplica {
  readonly id: string;
  readonly revision: number;
  /** `null` when the reader knows them already. */
  readonly connections: readonly BotConnection[] | null;
}

export const REPLICAS: RecordKind<HeldReplica> = { name: 'replicas', keyOf: ({ id }) => id };

export const CONNECTIONS: RecordKind<BotConnection> = {
  name: 'connections',
  keyOf: ({ id }) => id,
  lookupKeysOf: ({ replicaId }) => [replicaId],
};

/**
 * Stores which replica has which connection. Replicas hold leases. When a replica dies, its lease ends, and the others know
 * that its connections are gone.
 * Times are store time. Methods reject with AppError `STORE_UNAVAILABLE`; all are safe to repeat.
 */
@Injectable()
export class StreamDirectory {
  /** Whether there may be other replicas. */
  readonly isShared: boolean;
  readonly #replicas: Records<HeldReplica>;
  readonly #connections: Records<BotConnection>;

  constructor(records: RecordStore) {
    this.isShared = records.isShared;
    this.#replicas = records.of(REPLICAS);
    this.#connections = records.of(CONNECTIONS);
  }

  /**
   * Begins or renews the replica's lease.
   * @returns false when the store did not know the replica. Its connections must then be written again.
   */
  async hold(id: string, untilMs: number): Promise<boolean> {
    let wasKnown = false;
    await this.#replicas.change(id, (before) => {
      wasKnown = before !== null;
      return { id, untilMs, revision: before?.revision ?? 0 };
    });
    return wasKnown;
  }

  /**
   * Adds and removes connections of the replica.
   * @returns the new revision; `null` when the store does not know the replica.
   */
  async change(
    replicaId: string,
    added: readonly BotConnection[],
    removed: readonly string[],
  ): Promise<number | null> {
    await this.#connections.writeAll(added, removed);
    const { record } = await this.#replicas.change(
      replicaId,
      (before) => before && { ...before, revision: before.revision + 1 },
    );
    return record?.revision ?? null;
  }

  /**
   * All replicas with a running lease.
   * @param known the revisions of the connections that the reader knows, by the replica's id.
   */
  async read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]> {
    const all = await this.#replicas.load();
    for (const { id, untilMs } of all) if (untilMs + LEFT_MS < nowMs) await this.leave(id);
    return Promise.all(
      all.filter(({ untilMs }) => untilMs > nowMs).map((replica) => this.#see(replica, known)),
    );
  }

  /** Ends the lease and removes the connections. */
  async leave(replicaId: string): Promise<void> {
    const left = await this.#connections.findBy(replicaId);
    await this.#connections.writeAll(
      [],
      left.map(({ id }) => id),
    );
    await this.#replicas.remove(replicaId);
  }

  async #see({ id, revision }: HeldReplica, known: ReadonlyMap<string, number>): Promise<SeenReplica> {
    const connections = known.get(id) === revision ? null : await this.#connections.findBy(id);
    return { id, revision, connections };
  }
}
