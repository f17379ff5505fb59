import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import type { RecordKind } from '../../storage/records/record-kind.js';
import { type Records, RecordStore } from '../../storage/records/records.js';

/** How long what a dead replica has left is kept: it may only have been cut off from the store. */
const LEFT_MS = 60_000;

/** A process that has connections of clients, and where others reach it. */
export interface StreamReplica {
  readonly id: string;
  /** Scheme, host and port. */
  readonly url: string;
  /** Whoever has it may hand events to the replica. */
  readonly key: Secret;
}

/** A replica and its lease. */
export interface HeldReplica extends StreamReplica {
  readonly untilMs: number;
  /** One more with each change of its connections. */
  readonly revision: number;
}

/** What is known of a replica whose lease runs. */
export interface SeenReplica extends StreamReplica {
  readonly revision: number;
  /** `null` where they are as the reader knows them. */
  readonly connections: readonly BotConnection[] | null;
}

export const REPLICAS: RecordKind<HeldReplica> = {
  name: 'replicas',
  keyOf: ({ id }) => id,
  sealed: { at: ['key'], boundTo: [], isReplaceable: true },
};

export const CONNECTIONS: RecordKind<BotConnection> = {
  name: 'connections',
  keyOf: ({ id }) => id,
  lookupKeysOf: ({ replicaId }) => [replicaId],
};

/**
 * Which replica has which connection. Replicas hold leases, so that the connections of one that died are known to be gone.
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
   * @returns false when it was not known, so that its connections have to be written again.
   */
  async hold({ id, url, key }: StreamReplica, untilMs: number): Promise<boolean> {
    let wasKnown = false;
    await this.#replicas.change(id, (before) => {
      wasKnown = before !== null;
      return { id, url, key, untilMs, revision: before?.revision ?? 0 };
    });
    return wasKnown;
  }

  /**
   * Adds and removes connections of the replica.
   * @returns the revision that they make; `null` for a replica that is not known.
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
   * All replicas with a lease, but for those whose key does not open here: they cannot be reached.
   * @param known the revision of each whose connections the reader knows.
   */
  async read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]> {
    const all = await this.#replicas.load();
    for (const { id, untilMs } of all) if (untilMs + LEFT_MS < nowMs) await this.leave(id);
    const live = all.filter(({ untilMs, key }) => untilMs > nowMs && key.reveal() !== '');
    return Promise.all(live.map((replica) => this.#see(replica, known)));
  }

  /** Ends the lease, and forgets the connections. */
  async leave(replicaId: string): Promise<void> {
    const left = await this.#connections.findBy(replicaId);
    await this.#connections.writeAll(
      [],
      left.map(({ id }) => id),
    );
    await this.#replicas.remove(replicaId);
  }

  async #see(
    { id, url, key, revision }: HeldReplica,
    known: ReadonlyMap<string, number>,
  ): Promise<SeenReplica> {
    const connections = known.get(id) === revision ? null : await this.#connections.findBy(id);
    return { id, url, key, revision, connections };
  }
}
