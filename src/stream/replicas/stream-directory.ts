import type { Secret } from '../../kernel/secret.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';

/** A process that has connections of clients, and where others reach it. */
export interface StreamReplica {
  readonly id: string;
  /** Scheme, host and port. */
  readonly url: string;
  /** Whoever has it may hand events to the replica. */
  readonly key: Secret;
}

/** What is known of a replica whose lease runs. */
export interface SeenReplica extends StreamReplica {
  /** One more with each change of its connections. */
  readonly revision: number;
  /** `null` where they are as the reader knows them. */
  readonly connections: readonly BotConnection[] | null;
}

/**
 * Which replica has which connection. Replicas hold leases, so that the connections of one that died are known to be gone.
 * Times are store time. Methods reject with AppError `STORE_UNAVAILABLE`; all are safe to repeat.
 */
export abstract class StreamDirectory {
  /** Whether there may be other replicas. */
  abstract readonly isShared: boolean;

  /**
   * Begins or renews the replica's lease.
   * @returns false when it was not known, so that its connections have to be written again.
   */
  abstract hold(replica: StreamReplica, untilMs: number, nowMs: number): Promise<boolean>;

  /**
   * Adds and removes connections of the replica.
   * @returns the revision that they make; `null` for a replica that is not known.
   */
  abstract change(
    replicaId: string,
    added: readonly BotConnection[],
    removed: readonly string[],
  ): Promise<number | null>;

  /** All replicas with a lease. @param known the revision of each whose connections the reader knows. */
  abstract read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]>;

  /** Ends the lease, and forgets the connections. */
  abstract leave(replicaId: string): Promise<void>;
}

/** Where there is one process: nobody else has to know. */
export class NoStreamDirectory extends StreamDirectory {
  override readonly isShared = false;

  override async hold(): Promise<boolean> {
    return true;
  }

  override async change(): Promise<null> {
    return null;
  }

  override async read(): Promise<readonly SeenReplica[]> {
    return [];
  }

  override async leave(): Promise<void> {}
}
