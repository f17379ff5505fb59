/** Whole hints in LMDB, for the outbox of one process. It knows nothing of when a hint is due. */
import { randomUUID } from 'node:crypto';
import type { Database } from 'lmdb';
import type { Hint, HintHead, KeptEvent } from '../../dispatch/outbox/hint.js';
import type { HintStore } from '../../dispatch/outbox/local-outbox.js';
import type { Log } from '../../kernel/log.js';
import { sayUnreadable } from '../unreadable-hint.js';
import type { EmbeddedStore } from './embedded-store.js';
import { readStored, toHead, toKept, toStored } from './stored-hint.js';

export class LmdbHintStore implements HintStore {
  readonly #store: EmbeddedStore;
  readonly #hints: Database<Buffer, string>;
  readonly #unreadableHints: Database<Buffer, string>;
  /** Events whose last write is still running: until it ends, LMDB returns the earlier one. */
  readonly #underWay = new Map<string, KeptEvent>();
  #unreadable: number;

  constructor(
    store: EmbeddedStore,
    private readonly log: Log,
  ) {
    this.#store = store;
    this.#hints = store.database<Buffer>('hints');
    this.#unreadableHints = store.database<Buffer>('unreadableHints');
    this.#unreadable = this.#unreadableHints.getKeysCount();
  }

  get unreadable(): number {
    return this.#unreadable;
  }

  /** The heads of all hints; unreadable records are set aside. Call it once, before anything is written. */
  *heads(): Generator<HintHead> {
    const unreadable = new Map<string, Buffer>();
    for (const { key, value } of this.#store.readAll(this.#hints)) {
      const stored = readStored(key, value);
      if (stored === null) unreadable.set(key, value);
      else yield toHead(stored);
    }
    // Not within the loop, which counts what it reads.
    for (const [key, bytes] of unreadable) this.#setAside(key, bytes);
  }

  async write(key: string, hint: Hint): Promise<void> {
    const kept: KeptEvent = { event: hint.event, keysId: hint.keysId };
    this.#underWay.set(key, kept);
    try {
      await this.#store.durably('write hint', () => this.#hints.put(key, toStored(hint)));
    } finally {
      // Unless a later write or remove has overtaken this one.
      if (this.#underWay.get(key) === kept) this.#underWay.delete(key);
    }
  }

  async remove(key: string): Promise<void> {
    this.#underWay.delete(key);
    await this.#store.durably('remove hint', () => this.#hints.remove(key));
  }

  readEvent(key: string): KeptEvent | null {
    return this.#underWay.get(key) ?? this.#read(key);
  }

  #read(key: string): KeptEvent | null {
    this.#store.requireOpen();
    const bytes = this.#hints.get(key);
    if (bytes === undefined) return null;
    const stored = readStored(key, bytes);
    if (stored !== null) return toKept(stored);
    this.#setAside(key, bytes);
    return null;
  }

  /** Later writes to the key stay. */
  #setAside(key: string, bytes: Buffer): void {
    this.#unreadable++;
    sayUnreadable(this.log, key);
    // One atomic batch, in its turn: later writes would overtake a transaction.
    const move = (): void => {
      this.#unreadableHints.put(`${key}/${randomUUID()}`, bytes);
      this.#hints.remove(key);
    };
    // If it fails, the record stays where it is and is found again at the next start.
    this.#store.durably('set hint aside', () => this.#hints.batch(move)).catch(() => {});
  }
}
