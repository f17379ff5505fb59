import type { Collection } from 'mongoose';
import type { Clock } from '../../kernel/clock.js';
import { isDuplicateKey, META, type MetaDocument, type MongoStore } from './mongo-store.js';

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
    store: MongoStore,
    private readonly id: string,
    private readonly clock: Clock,
  ) {
    this.#meta = store.collection(META);
  }

  /** Call it before the collection is read, and `saw` after it. */
  async read(): Promise<Seen> {
    const atMs = this.clock.elapsedMs();
    const { version = 0 } = (await this.#meta.findOne({ _id: this.id })) ?? {};
    return { version, atMs };
  }

  /** Whether the collection may have changed since `saw`. */
  isNew({ version, atMs }: Seen): boolean {
    return this.#seen?.version !== version || atMs - this.#seen.atMs >= READ_ANEW_MS;
  }

  saw(seen: Seen): void {
    this.#seen = seen;
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
}
