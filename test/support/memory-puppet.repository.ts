import type { Puppet, Registration } from '../../src/registry/puppet.js';
import {
  type ChangeCursor,
  type Changes,
  type Goodbye,
  PuppetRepository,
} from '../../src/registry/puppet.repository.js';

/** One database; several repositories on it stand for several replicas. */
export type PuppetTable = Map<string, { readonly puppet: Puppet; readonly writtenAs: number }>;

/** Numbers the writes of all tables, as a database server's clock would. */
let writes = 0;

export class MemoryPuppetRepository extends PuppetRepository {
  override readonly isShared = true;

  constructor(private readonly table: PuppetTable = new Map()) {
    super();
  }

  override async *load(): AsyncIterable<readonly Puppet[]> {
    yield this.#list(() => true);
  }

  override async find(openKfId: string): Promise<Puppet | null> {
    const record = this.table.get(openKfId);
    return record === undefined ? null : { ...record.puppet };
  }

  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    return this.#list(({ puppet }) => puppet.corpId === corpId).slice(0, limit);
  }

  override async save(registration: Registration, nowMs: number): Promise<Puppet> {
    return this.#write({ ...registration, online: true, lastOnlineAtMs: nowMs });
  }

  override async markOffline({ openKfId, corpId, endpoint }: Goodbye, nowMs: number): Promise<Puppet | null> {
    const puppet = this.table.get(openKfId)?.puppet;
    if (puppet === undefined || puppet.corpId !== corpId) return null;
    if (endpoint !== undefined && endpoint !== puppet.endpoint) return null;
    return this.#write({ ...puppet, online: false, lastOnlineAtMs: nowMs });
  }

  override async changes(cursor: ChangeCursor | null): Promise<Changes> {
    const puppets = cursor === null ? [] : this.#list(({ writtenAs }) => writtenAs > Number(cursor));
    return { puppets, cursor: String(writes) };
  }

  /** Every reader gets objects of its own, as from a store that parses. */
  #list(is: (record: { puppet: Puppet; writtenAs: number }) => boolean): Puppet[] {
    return [...this.table.values()].filter(is).map(({ puppet }) => ({ ...puppet }));
  }

  #write(puppet: Puppet): Puppet {
    this.table.set(puppet.openKfId, { puppet, writtenAs: ++writes });
    return { ...puppet };
  }
}
