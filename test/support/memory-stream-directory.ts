import type { BotConnection } from '../../src/registry/bots/connected-bots.js';
import {
  type SeenReplica,
  StreamDirectory,
  type StreamReplica,
} from '../../src/stream/replicas/stream-directory.js';

interface Held extends StreamReplica {
  readonly revision: number;
  readonly connections: readonly BotConnection[];
  readonly untilMs: number;
}

/** What several processes share. */
export class MemoryStreamDirectory extends StreamDirectory {
  override readonly isShared = true;
  readonly replicas = new Map<string, Held>();

  override async hold({ id, url, key }: StreamReplica, untilMs: number): Promise<boolean> {
    const known = this.replicas.get(id);
    const { revision = 0, connections = [] } = known ?? {};
    this.replicas.set(id, { id, url, key, revision, connections, untilMs });
    return known !== undefined;
  }

  override async change(
    id: string,
    added: readonly BotConnection[],
    removed: readonly string[],
  ): Promise<number | null> {
    const known = this.replicas.get(id);
    if (known === undefined) return null;
    const changed = new Set([...removed, ...added.map((one) => one.id)]);
    const others = known.connections.filter((one) => !changed.has(one.id));
    const connections = [...others, ...added];
    const revision = known.revision + 1;
    this.replicas.set(id, { ...known, revision, connections });
    return revision;
  }

  override async read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]> {
    const live = [...this.replicas.values()].filter(({ untilMs }) => untilMs > nowMs);
    return live.map(({ id, url, key, revision, connections }) => {
      const isKnown = known.get(id) === revision;
      return { id, url, key, revision, connections: isKnown ? null : connections };
    });
  }

  override async leave(id: string): Promise<void> {
    this.replicas.delete(id);
  }
}
