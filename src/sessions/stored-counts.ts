import { Injectable } from '@nestjs/common';
import {
  type CustomerCount,
  CustomerCounts,
  firstOf,
  NO_CUSTOMERS,
} from '../insight/accounts/customer-counts.js';
import { holderOf, readHoldingKey, waitsForPeopleSince } from './session.js';
import { SessionStore } from './session-store.js';

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
      const counted = holder === 'unmet' ? await this.#unmet(key) : { [holder]: count };
      counts.set(account, { ...NO_CUSTOMERS, ...counts.get(account), ...counted });
    }
    return counts;
  }

  async #unmet(key: string): Promise<Pick<CustomerCount, 'unmet' | 'unmetSinceMs' | 'poolSinceMs'>> {
    const customers = await this.store.with(key);
    const since = (of: typeof customers) => firstOf(of.map(waitsForPeopleSince));
    return {
      unmet: customers.length,
      unmetSinceMs: since(customers),
      poolSinceMs: since(customers.filter((one) => holderOf(one) === 'pool')),
    };
  }
}
