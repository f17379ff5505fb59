import SortedTree from 'sorted-btree';

// The package is CommonJS and has no named exports.
const { default: BTree } = SortedTree;

/** When something is due, and its key. Of those due at the same time, the lesser key goes first. */
export type Due = readonly [atMs: number, key: string];

/**
 * Keys in the order of their time, in a queue for each group, so that whole groups can be passed over at no
 * cost: a hundred thousand hints may be due at endpoints that nothing is sent to.
 */
export class DueQueues {
  readonly #queues = new Map<string, InstanceType<typeof BTree<Due, null>>>();
  /** The first of each queue, with its group for a key. */
  readonly #firsts = new BTree<Due, null>(undefined, byTimeThenKey);

  add(group: string, due: Due): void {
    let queue = this.#queues.get(group);
    if (queue === undefined) {
      queue = new BTree<Due, null>(undefined, byTimeThenKey);
      this.#queues.set(group, queue);
    }
    this.#keepFirst(group, queue, () => queue.set(due, null));
  }

  delete(group: string, due: Due): void {
    const queue = this.#queues.get(group);
    if (queue === undefined) return;
    this.#keepFirst(group, queue, () => queue.delete(due));
    if (queue.isEmpty) this.#queues.delete(group);
  }

  /** Everything outside these groups, in the order of its time. Nothing may be added or deleted meanwhile. */
  *except(groups: ReadonlySet<string>): Generator<Due> {
    const begun: Begun[] = [];
    for (const [firstMs, group] of this.#firsts.keys()) {
      if (groups.has(group)) continue;
      // Continues with the queues that were begun until the next queue has something earlier.
      yield* merged(begun, firstMs);
      const queue = this.#queues.get(group)?.keys();
      const next = queue?.next();
      if (queue !== undefined && next !== undefined && !next.done) begun.push({ queue, due: next.value });
    }
    yield* merged(begun, Number.POSITIVE_INFINITY);
  }

  #keepFirst(group: string, queue: InstanceType<typeof BTree<Due, null>>, change: () => void): void {
    const before = queue.minKey();
    change();
    const after = queue.minKey();
    if (before?.[0] === after?.[0]) return;
    if (before !== undefined) this.#firsts.delete([before[0], group]);
    if (after !== undefined) this.#firsts.set([after[0], group], null);
  }
}

/** A queue that is being read. */
interface Begun {
  readonly queue: Iterator<Due>;
  due: Due;
}

/** What is due before `endMs`, from all queues that were begun. Removes queues that end from the list. */
function* merged(begun: Begun[], endMs: number): Generator<Due> {
  for (;;) {
    const [first] = begun;
    if (first === undefined) return;
    const earliest = begun.reduce(
      (least, one) => (byTimeThenKey(one.due, least.due) < 0 ? one : least),
      first,
    );
    if (earliest.due[0] >= endMs) return;
    yield earliest.due;
    const next = earliest.queue.next();
    if (next.done) begun.splice(begun.indexOf(earliest), 1);
    else earliest.due = next.value;
  }
}

function byTimeThenKey([aMs, aKey]: Due, [bMs, bKey]: Due): number {
  if (aMs !== bMs) return aMs - bMs;
  return aKey < bKey ? -1 : Number(aKey > bKey);
}
