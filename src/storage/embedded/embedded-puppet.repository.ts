import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { Secret } from '../../kernel/secret.js';
import { type Puppet, type Registration, toRegistered } from '../../registry/puppet.js';
import {
  type Changes,
  type Goodbye,
  isDoubted,
  isFromReplaced,
  type Judge,
  PuppetRepository,
} from '../../registry/puppet.repository.js';
import { EmbeddedStore } from './embedded-store.js';

/** A puppet as LMDB keeps it: the same fields, its secrets as texts; what came later is missing in old ones. */
export type StoredPuppet = Omit<
  Puppet,
  | 'corpSecret'
  | 'callbackToken'
  | 'encodingAESKey'
  | 'acceptedSecretId'
  | 'botId'
  | 'from'
  | 'goodbyeDoubted'
  | 'replacedFrom'
  | 'answered'
> & {
  readonly corpSecret: string;
  readonly callbackToken: string;
  readonly encodingAESKey: string;
  readonly acceptedSecretId?: string | null;
  readonly botId?: string;
  readonly from?: string;
  readonly goodbyeDoubted?: boolean;
  readonly replacedFrom?: readonly string[];
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
    return this.#get(openKfId);
  }

  /** Reads through all records: the image answers this question wherever it matters. */
  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    const found = this.#puppets.getRange().filter(({ value }) => value.corpId === corpId);
    return [...found.slice(0, limit)].map(({ value }) => fromStored(value));
  }

  override async save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null> {
    return this.#write(registration.openKfId, (before) =>
      mayReplace(before) ? { ...toRegistered(registration, before, nowMs), answered: true } : null,
    );
  }

  override async restore(puppet: Puppet, mayReplace: Judge): Promise<boolean> {
    const isAgreed = (before: Puppet | null) => (mayReplace(before) ? puppet : null);
    return (await this.#write(puppet.openKfId, isAgreed)) !== null;
  }

  override async forget(openKfId: string): Promise<Puppet | null> {
    let forgotten: Puppet | null = null;
    await this.#store.durably('forget puppet', () =>
      this.#puppets.transaction(() => {
        forgotten = this.#get(openKfId);
        if (forgotten !== null) this.#puppets.remove(openKfId);
        return true;
      }),
    );
    return forgotten;
  }

  override async markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null> {
    const { openKfId, corpId, endpoint } = goodbye;
    return this.#write(openKfId, (puppet) => {
      if (puppet?.corpId !== corpId || isFromReplaced(goodbye, puppet)) return null;
      if (endpoint !== undefined && puppet.endpoint !== endpoint) return null;
      const goodbyeDoubted = isDoubted(goodbye, puppet);
      return { ...puppet, online: false, goodbyeDoubted, lastOnlineAtMs: nowMs };
    });
  }

  override async markOnline(
    { openKfId, corpId, endpoint }: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null> {
    return this.#write(openKfId, (puppet) => {
      if (puppet?.corpId !== corpId || puppet.endpoint !== endpoint) return null;
      return { ...puppet, online: true, goodbyeDoubted: false, lastOnlineAtMs: nowMs };
    });
  }

  override async markAnswered(): Promise<void> {}

  override async markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null> {
    return this.#write(openKfId, (puppet) =>
      puppet !== null && isOf(puppet) ? { ...puppet, acceptedSecretId: secretId } : null,
    );
  }

  override async changes(): Promise<Changes> {
    return { puppets: [], forgotten: [], cursor: '', hasMore: false };
  }

  #get(openKfId: string): Puppet | null {
    const stored = this.#puppets.get(openKfId);
    return stored === undefined ? null : fromStored(stored);
  }

  /** Durable when it resolves. @param change gives `null` to leave everything as it is. */
  async #write(openKfId: string, change: (before: Puppet | null) => Puppet | null): Promise<Puppet | null> {
    let changed: Puppet | null = null;
    await this.#store.durably('change puppet', () =>
      this.#puppets.transaction(() => {
        changed = change(this.#get(openKfId));
        if (changed !== null) this.#puppets.put(openKfId, toStored(changed));
        return true;
      }),
    );
    return changed;
  }
}

function toStored(puppet: Puppet): StoredPuppet {
  const { corpSecret, callbackToken, encodingAESKey, answered: _answered, ...same } = puppet;
  return {
    ...same,
    corpSecret: corpSecret.reveal(),
    callbackToken: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
  };
}

export function fromStored({ corpSecret, callbackToken, encodingAESKey, ...same }: StoredPuppet): Puppet {
  return {
    acceptedSecretId: null,
    botId: '',
    from: '',
    goodbyeDoubted: false,
    replacedFrom: [],
    answered: true,
    ...same,
    corpSecret: new Secret(corpSecret),
    callbackToken: new Secret(callbackToken),
    encodingAESKey: new Secret(encodingAESKey),
  };
}
