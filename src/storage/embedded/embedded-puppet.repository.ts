import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { Secret } from '../../kernel/secret.js';
import type { Puppet, Registration } from '../../registry/puppet.js';
import { type Changes, type Goodbye, PuppetRepository } from '../../registry/puppet.repository.js';
import { EmbeddedStore } from './embedded-store.js';

/** A puppet as LMDB keeps it: the same fields, its secrets as texts. */
type StoredPuppet = Omit<Puppet, 'corpSecret' | 'callbackToken' | 'encodingAESKey'> & {
  readonly corpSecret: string;
  readonly callbackToken: string;
  readonly encodingAESKey: string;
};

/** Between two batches other work has its turn. */
const BATCH_SIZE = 1_000;

@Injectable()
export class EmbeddedPuppetRepository extends PuppetRepository {
  override readonly isShared = false;
  readonly #store: EmbeddedStore;
  readonly #puppets: Database<StoredPuppet, string>;

  constructor(store: EmbeddedStore) {
    super();
    this.#store = store;
    this.#puppets = store.database<StoredPuppet>('puppets');
  }

  override async *load(): AsyncIterable<readonly Puppet[]> {
    let batch: Puppet[] = [];
    for (const { value } of this.#store.readAll(this.#puppets)) {
      batch.push(fromStored(value));
      if (batch.length < BATCH_SIZE) continue;
      yield batch;
      batch = [];
      await new Promise(setImmediate);
    }
    yield batch;
  }

  override async find(openKfId: string): Promise<Puppet | null> {
    const stored = this.#puppets.get(openKfId);
    return stored === undefined ? null : fromStored(stored);
  }

  /** Reads through all records: the image answers this question wherever it matters. */
  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    const found = this.#puppets.getRange().filter(({ value }) => value.corpId === corpId);
    return [...found.slice(0, limit)].map(({ value }) => fromStored(value));
  }

  override async save(registration: Registration, nowMs: number): Promise<Puppet> {
    const puppet: Puppet = { ...registration, online: true, lastOnlineAtMs: nowMs };
    await this.#store.durably(() => this.#puppets.put(puppet.openKfId, toStored(puppet)));
    return puppet;
  }

  override async markOffline({ openKfId, corpId, endpoint }: Goodbye, nowMs: number): Promise<Puppet | null> {
    let marked: Puppet | null = null;
    await this.#store.durably(() =>
      this.#puppets.transaction(() => {
        const stored = this.#puppets.get(openKfId);
        if (stored === undefined || stored.corpId !== corpId) return true;
        if (endpoint !== undefined && stored.endpoint !== endpoint) return true;
        const offline = { ...stored, online: false, lastOnlineAtMs: nowMs };
        this.#puppets.put(openKfId, offline);
        marked = fromStored(offline);
        return true;
      }),
    );
    return marked;
  }

  override async changes(): Promise<Changes> {
    return { puppets: [], cursor: '', hasMore: false };
  }
}

function toStored({ corpSecret, callbackToken, encodingAESKey, ...same }: Puppet): StoredPuppet {
  return {
    ...same,
    corpSecret: corpSecret.reveal(),
    callbackToken: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
  };
}

function fromStored({ corpSecret, callbackToken, encodingAESKey, ...same }: StoredPuppet): Puppet {
  return {
    ...same,
    corpSecret: new Secret(corpSecret),
    callbackToken: new Secret(callbackToken),
    encodingAESKey: new Secret(encodingAESKey),
  };
}
