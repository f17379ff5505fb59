import SortedTree from 'sorted-btree';
import { type Puppet } from '../../storage/puppets/puppet.js';
import { accountKey } from '../../kernel/account.js';

// The package is CommonJS and has no named exports.
const { default: BTree } = SortedTree;

/** All puppets sorted by key, to page through. */
export class AccountIndex {
  readonly #puppets = new BTree<string, Puppet>(undefined, (a, b) => (a < b ? -1 : Number(a > b)));

  /** @param before the puppet known until now, which may have been another corp's. */
  set(puppet: Puppet, before: Puppet | undefined): void {
    if (before !== undefined && before.corpId !== puppet.corpId) this.delete(before);
    this.#puppets.set(accountKey(puppet), puppet);
  }

  delete(puppet: Puppet): void {
    this.#puppets.delete(accountKey(puppet));
  }

  /** Up to `limit` puppets whose keys come after `key`, sorted. @param corpId `null` for all corps. */
  after(key: string, corpId: string | null, limit: number): readonly Puppet[] {
    const first = corpId === null ? '' : accountKey({ corpId, openKfId: '' });
    const from = key > first ? key : first;
    const found: Puppet[] = [];
    for (const [at, puppet] of this.#puppets.entries(from)) {
      if (found.length === limit || (corpId !== null && puppet.corpId !== corpId)) break;
      if (at !== key) found.push(puppet);
    }
    return found;
  }
}
