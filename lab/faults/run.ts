/** What every scenario gets: how long to take, where to put things, and what is undone at the end. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Seeded, seeded } from '../../test/support/seeded.js';
import { type Database, openDatabase } from './database.js';

export type StoreKind = 'embedded' | 'mongodb';

/** The variables that name a store of its own. */
export type StoreEnv = Readonly<Record<string, string>>;

export class Run {
  /** Undone last first, whatever happens. */
  readonly #undo: (() => unknown)[] = [];
  #database: Promise<Database> | undefined;
  #ended: Promise<void> | undefined;

  constructor(
    readonly root: string,
    /** A folder that is removed at the end. */
    readonly temp: string,
    readonly isShort: boolean,
    readonly seed: number,
    private readonly store: StoreKind,
    /** For `ACCESS_TOKEN_URL`: accepts every secret, and is not WeCom. */
    readonly tokenUrl: string,
  ) {}

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** The same for the same seed and name, whatever else runs. */
  random(name: string): Seeded {
    const salt = [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
    return seeded((this.seed ^ salt) >>> 0);
  }

  /** Nothing may be started any more. */
  get isEnding(): boolean {
    return this.#ended !== undefined;
  }

  folder(name: string): string {
    return mkdtempSync(join(this.temp, `${name}-`));
  }

  onEnd(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** An empty store, of the kind that was asked for unless one is named. */
  async newStore(kind: StoreKind = this.store): Promise<StoreEnv> {
    if (kind === 'embedded') return { DATA_DIR: this.folder('data') };
    const { newUri } = await this.database();
    return { MONGO_URI: newUri() };
  }

  /** One for all scenarios that do not break it. @throws MongoUnavailable */
  database(): Promise<Database> {
    this.#database ??= openDatabase((undo) => this.onEnd(undo));
    return this.#database;
  }

  /** For a report. */
  get form(): string {
    return `${this.isShort ? 'short' : 'long'} form, seed ${this.seed}`;
  }

  /** Ends what was started when the process is interrupted, fails where nobody catches it, or takes too long. */
  guard(limitMs: number): void {
    const endOn = (reason: string, code: number) => {
      // What breaks because everything is being taken away is no news.
      if (this.isEnding) return;
      this.say(reason);
      void this.end().finally(() => process.exit(code));
    };
    process.on('SIGINT', () => endOn('interrupted', 130));
    process.on('SIGTERM', () => endOn('interrupted', 143));
    process.on('uncaughtException', (error) => endOn(`FAILED: ${error.stack}`, 1));
    setTimeout(() => endOn(`gave up after ${limitMs / 1_000} s`, 1), limitMs).unref();
  }

  end(): Promise<void> {
    this.#ended ??= this.#undoAll();
    return this.#ended;
  }

  async #undoAll(): Promise<void> {
    for (const undo of this.#undo.reverse()) {
      try {
        await undo();
      } catch (error) {
        this.say(`while cleaning up: ${error}`);
      }
    }
  }
}
