import type { Collection } from 'mongoose';
import type { Clock } from '../../kernel/clock.js';
import { isDuplicateKey, META, type MetaDocument, type MongoStore, type Operation } from './mongo-store.js';

/** For what the version does not tell: a process died before it raised it, or a person wrote. */
const READ_ANEW_MS = 60_000;

interface Seen {
  readonly version: number;
  /** When it was read, on the clock that never jumps. */
  readonly atMs: number;
}

/** A number in the database that rises with each change of a collection, so that replicas can tell cheaply. */
export class ChangeVersion {
  readonly #meta: Collection<MetaDocument>;
  #seen: Seen | null = null;

  /** @param id of the document that holds the number. */
  constructor(
    private readonly store: MongoStore,
    private readonly id: string,
    private readonly clock: Clock,
  ) {
    this.#meta = store.collection(META);
  }

  /** What `readAll` reads from the collection. @throws AppError `STORE_UNAVAILABLE` */
  async load<T>(what: Operation, readAll: () => Promise<T>): Promise<T> {
    const { seen, found } = await this.store.run(what, async () => ({
      seen: await this.#read(),
      found: await readAll(),
    }));
    // Not within the operation: it may go on after its deadline, and nobody has what it then finds.
    this.#seen = seen;
    return found;
  }

  /**
   * As `load`, where the collection may have changed since it was last loaded; `null` where not.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async changes<T>(what: Operation, readAll: () => Promise<T>): Promise<T | null> {
    const outcome = await this.store.run(what, async () => {
      const seen = await this.#read();
      return this.#isNew(seen) ? { seen, found: await readAll() } : null;
    });
    if (outcome === null) return null;
    this.#seen = outcome.seen;
    return outcome.found;
  }

  /** Raises it also when nothing was changed: an earlier try may have changed something, and not come as far as that. */
  async raisedBy<T>(change: () => Promise<T>): Promise<T> {
    const outcome = await change();
    const raise = () => this.#meta.updateOne({ _id: this.id }, { $inc: { version: 1 } }, { upsert: true });
    // Two that make the document at the same time both raise it by the second try.
    await raise().catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      return raise();
    });
    return outcome;
  }

  /** To be called before the collection is read. */
  async #read(): Promise<Seen> {
    const atMs = this.clock.elapsedMs();
    const { version = 0 } = (await this.#meta.findOne({ _id: this.id })) ?? {};
    return { version, atMs };
  }

  #isNew({ version, atMs }: Seen): boolean {
    return this.#seen?.version !== version || atMs - this.#seen.atMs >= READ_ANEW_MS;
  }
}
