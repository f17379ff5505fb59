import { type Puppet, type Registration, toRegistered } from '../../src/storage/puppets/puppet.js';
import {
  type ChangeCursor,
  type Changes,
  type Goodbye,
  isDoubted,
  isFromReplaced,
  type Judge,
  PuppetRepository,
} from '../../src/storage/puppets/puppet.repository.js';

interface PuppetRow {
  readonly puppet: Puppet;
  readonly writtenAs: number;
  readonly isForgotten?: true;
}

/** One database; several repositories on it stand for several replicas. */
export type PuppetTable = Map<string, PuppetRow>;

/** Small, so that tests meet a second batch. */
const BATCH_SIZE = 10;

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
    const puppet = this.#get(openKfId);
    return puppet === null ? null : { ...puppet };
  }

  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    return this.#list(({ puppet }) => puppet.corpId === corpId).slice(0, limit);
  }

  override async save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null> {
    const before = this.#get(registration.openKfId);
    if (!mayReplace(before)) return null;
    return this.#write({ ...toRegistered(registration, before, nowMs), answered: false });
  }

  override async restore(puppet: Puppet, mayReplace: Judge): Promise<boolean> {
    if (!mayReplace(this.#get(puppet.openKfId))) return false;
    this.#write({ ...puppet, answered: true });
    return true;
  }

  override async forget(openKfId: string): Promise<Puppet | null> {
    const puppet = this.#get(openKfId);
    if (puppet !== null) this.table.set(openKfId, { puppet, writtenAs: ++writes, isForgotten: true });
    return puppet;
  }

  override async markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null> {
    const { openKfId, corpId, endpoint } = goodbye;
    const puppet = this.#get(openKfId);
    if (puppet?.corpId !== corpId) return null;
    if (endpoint !== undefined && endpoint !== puppet.endpoint) return null;
    if (isFromReplaced(goodbye, puppet)) return null;
    const goodbyeDoubted = isDoubted(goodbye, puppet);
    return this.#write({ ...puppet, online: false, goodbyeDoubted, lastOnlineAtMs: nowMs });
  }

  override async markOnline(
    { openKfId, corpId, endpoint }: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null> {
    const puppet = this.#get(openKfId);
    if (puppet?.corpId !== corpId || puppet.endpoint !== endpoint) return null;
    const online = { online: true, goodbyeDoubted: false, answered: true, lastOnlineAtMs: nowMs };
    return this.#write({ ...puppet, ...online });
  }

  override async markAnswered({ openKfId, endpoint, lastOnlineAtMs }: Puppet): Promise<void> {
    const puppet = this.#get(openKfId);
    if (puppet?.endpoint !== endpoint || puppet.lastOnlineAtMs !== lastOnlineAtMs) return;
    this.#write({ ...puppet, answered: true });
  }

  override async markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null> {
    const puppet = this.#get(openKfId);
    return puppet !== null && isOf(puppet) ? this.#write({ ...puppet, acceptedSecretId: secretId }) : null;
  }

  override async changes(cursor: ChangeCursor | null): Promise<Changes> {
    if (cursor === null) return { puppets: [], forgotten: [], cursor: String(writes), hasMore: false };
    const later = [...this.table.values()]
      .filter(({ writtenAs }) => writtenAs > Number(cursor))
      .sort((a, b) => a.writtenAs - b.writtenAs);
    const batch = later.slice(0, BATCH_SIZE);
    const hasMore = later.length > BATCH_SIZE;
    return {
      puppets: batch.filter(isKnown).map(({ puppet }) => ({ ...puppet })),
      forgotten: batch.filter((row) => !isKnown(row)).map(({ puppet }) => puppet.openKfId),
      cursor: String(hasMore ? batch.at(-1)?.writtenAs : writes),
      hasMore,
    };
  }

  #get(openKfId: string): Puppet | null {
    const row = this.table.get(openKfId);
    return row !== undefined && isKnown(row) ? row.puppet : null;
  }

  /** Every reader gets objects of its own, as from a store that parses. */
  #list(is: (row: PuppetRow) => boolean): Puppet[] {
    return [...this.table.values()]
      .filter((row) => isKnown(row) && is(row))
      .map(({ puppet }) => ({ ...puppet }));
  }

  #write(puppet: Puppet): Puppet {
    this.table.set(puppet.openKfId, { puppet, writtenAs: ++writes });
    return { ...puppet };
  }
}

function isKnown({ isForgotten }: PuppetRow): boolean {
  return isForgotten !== true;
}
