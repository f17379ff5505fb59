import { Injectable } from '@nestjs/common';
import { type CustomerCount, CustomerCounts } from '../insight/accounts/customer-counts.js';
import { readHoldingKey } from './session.js';
import { SessionStore } from './session-store.js';

const NONE: CustomerCount = { bot: 0, pool: 0, people: 0, poolSinceMs: null };

/** Counts customers in the store, so for all replicas. */
@Injectable()
export class StoredCounts extends CustomerCounts {
  constructor(private readonly store: SessionStore) {
    super();
  }

  override async read(): Promise<ReadonlyMap<string, CustomerCount>> {
    const counts = new Map<string, CustomerCount>();
    for (const [key, count] of await this.store.countHolders()) {
      const found = readHoldingKey(key);
      if (found === null) continue;
      const { account, holder } = found;
      const poolSinceMs =
        holder === 'pool' ? await this.store.oldestWith(key) : (counts.get(account)?.poolSinceMs ?? null);
      counts.set(account, { ...NONE, ...counts.get(account), [holder]: count, poolSinceMs });
    }
    return counts;
  }
}
