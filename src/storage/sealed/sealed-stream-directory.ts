import { type Identity, SealError, type Sealer } from '../../crypto/sealer.js';
import { type Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import {
  type SeenReplica,
  StreamDirectory,
  type StreamReplica,
} from '../../stream/replicas/stream-directory.js';

/** The keys of replicas are stored sealed. Whoever cannot open one does not reach that replica. */
export class SealedStreamDirectory extends StreamDirectory {
  constructor(
    private readonly inner: StreamDirectory,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
  }

  override get isShared(): boolean {
    return this.inner.isShared;
  }

  override hold({ id, url, key }: StreamReplica, untilMs: number, nowMs: number): Promise<boolean> {
    const sealed = new Secret(this.sealer.seal(key.reveal(), identityOf(id)));
    return this.inner.hold({ id, url, key: sealed }, untilMs, nowMs);
  }

  override change(
    replicaId: string,
    added: readonly BotConnection[],
    removed: readonly string[],
  ): Promise<number | null> {
    return this.inner.change(replicaId, added, removed);
  }

  override async read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]> {
    const seen = await this.inner.read(known, nowMs);
    return seen.flatMap((replica) => this.#open(replica));
  }

  override leave(replicaId: string): Promise<void> {
    return this.inner.leave(replicaId);
  }

  #open(replica: SeenReplica): SeenReplica[] {
    try {
      const key = this.sealer.open(replica.key.reveal(), identityOf(replica.id));
      return [{ ...replica, key: new Secret(key) }];
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.log.debug({ replica: replica.id, keyId: error.keyId }, 'stream.replica_closed');
      return [];
    }
  }
}

function identityOf(replicaId: string): Identity {
  return ['replica', replicaId, 'key'];
}
