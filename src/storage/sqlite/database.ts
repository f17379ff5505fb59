import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Batch, SentStatement, StatementResult, StepResult, WorkerSetup } from './database-worker.js';

/** What SQLite keeps: JSON is text, times are epoch milliseconds, true is 1. */
export type Value = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

export interface Statement {
  readonly sql: string;
  readonly values?: readonly Value[];
  /** How many rows it must change, or return; otherwise nothing of its step happens. */
  readonly changes?: number;
}

/** What SQLite could not do. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';

  /** @param errcode https://sqlite.org/rescode.html; `null` where the error is not SQLite's. */
  constructor(
    message: string,
    readonly errcode: number | null = null,
  ) {
    super(message);
  }
}

/** Another connection holds the file. */
export const isBusy = (error: unknown): boolean => codeOf(error) === 5;

/** A page is not what SQLite wrote, or the file is none of SQLite's. */
export const isDamage = (error: unknown): boolean => [11, 26].includes(codeOf(error));

/** SQLite's primary result code, also of an error of `node:sqlite` itself; 0 where the error is not SQLite's. */
function codeOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

interface Waiting {
  readonly statements: readonly SentStatement[];
  readonly isAlone: boolean;
  readonly resolve: (results: readonly StatementResult[] | null) => void;
  readonly reject: (error: DatabaseError) => void;
}

/** With more steps in a transaction, the first one would wait long for its answer. */
const STEPS_MAX = 1_000;

/**
 * One SQLite file, used by a thread of its own. Whatever waits while a transaction runs becomes the next one, so that many steps
 * share one flush of the disk. A step is answered when its transaction is committed.
 */
export class Database {
  /** Started by the next step when there is none. */
  #worker: Worker | null = null;
  #waiting: Waiting[] = [];
  #running: Waiting[] = [];
  #isGathering = false;
  readonly #numbers = new Map<string, number>();
  #defined: (readonly [number, string])[] = [];
  #closing: Promise<void> | null = null;

  /**
   * @param opening statements that make the connection and the tables as they have to be.
   * @throws DatabaseError
   */
  static async open(
    file: string,
    opening: readonly string[],
    { readOnly = false }: { readonly readOnly?: boolean } = {},
  ): Promise<Database> {
    const database = new Database({ file, opening, readOnly });
    await database.run([]);
    return database;
  }

  private constructor(private readonly setup: WorkerSetup) {}

  /**
   * Runs the statements as one step, all or nothing, after all steps that were asked for before.
   * @returns one result for each statement; `null` when one did not change as many rows as it had to, and nothing happened.
   * @throws DatabaseError; where the thread or the process died, it may have happened or not.
   */
  run(statements: readonly Statement[]): Promise<readonly StatementResult[] | null> {
    return this.#ask(statements, false);
  }

  /** Outside of any transaction, as `VACUUM` and a checkpoint have to be. @throws DatabaseError */
  async runAlone<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    const [result] = (await this.#ask([{ sql, values }], true)) ?? [];
    return (result?.rows ?? []) as readonly T[];
  }

  #ask(statements: readonly Statement[], isAlone: boolean): Promise<readonly StatementResult[] | null> {
    if (this.#closing !== null) return Promise.reject(new DatabaseError('the database is closed'));
    return new Promise((resolve, reject) => {
      const sent = statements.map((one) => this.#toSent(one));
      this.#waiting.push({ statements: sent, isAlone, resolve, reject });
      this.#gather();
    });
  }

  /** The rows of one statement. @throws DatabaseError */
  async rows<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    const [result] = (await this.run([{ sql, values }])) ?? [];
    return (result?.rows ?? []) as readonly T[];
  }

  /** Resolves when all that was asked for is done and the file is closed. */
  close(): Promise<void> {
    const last = this.run([]).catch(() => {});
    this.#closing ??= last.then(async () => {
      const worker = this.#worker;
      if (worker === null) return;
      // While it is idle, the process could end before the file is closed.
      worker.ref();
      const { promise: exited, resolve } = Promise.withResolvers<void>();
      worker.once('exit', () => resolve());
      worker.postMessage('close');
      await exited;
    });
    return this.#closing;
  }

  #toSent({ sql, values = [], changes = undefined }: Statement): SentStatement {
    let number = this.#numbers.get(sql);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(sql, number);
      this.#defined.push([number, sql]);
    }
    return [number, values, changes ?? null];
  }

  /** Waits until this turn of the event loop ends, so that all its steps are sent together. */
  #gather(): void {
    if (this.#isGathering || this.#running.length > 0) return;
    this.#isGathering = true;
    setImmediate(() => {
      this.#isGathering = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#running.length > 0 || this.#waiting.length === 0) return;
    this.#worker ??= this.#startWorker();
    // Only steps that are under way keep the process alive.
    this.#worker.ref();
    this.#running = this.#takeNext();
    const steps = this.#running.map(({ statements }) => statements);
    const batch: Batch = { defined: this.#defined, steps, isAlone: this.#running[0]?.isAlone === true };
    this.#defined = [];
    this.#worker.postMessage(batch);
  }

  /** Takes the steps that share the next transaction. */
  #takeNext(): Waiting[] {
    const alone = this.#waiting.findIndex(({ isAlone }) => isAlone);
    if (alone === 0) return this.#waiting.splice(0, 1);
    return this.#waiting.splice(0, alone === -1 ? STEPS_MAX : Math.min(alone, STEPS_MAX));
  }

  #startWorker(): Worker {
    // Beside this file, and compiled as this file is.
    const program = new URL(`./database-worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    // With some options of the process, such as `--input-type`, Node starts no file.
    const worker = new Worker(program, { workerData: this.setup, execArgv: [] });
    let reason: unknown = new DatabaseError('the thread of the database has ended');
    worker.on('message', (results: readonly StepResult[]) => this.#answer(results));
    worker.on('error', (cause) => {
      reason = cause;
    });
    worker.on('exit', () => this.#lose(toError(reason)));
    return worker;
  }

  #answer(results: readonly StepResult[]): void {
    const answered = this.#running;
    this.#running = [];
    // The next steps are sent first: the thread works on them while this one answers the last ones.
    this.#send();
    if (this.#running.length === 0) this.#worker?.unref();
    answered.forEach(({ resolve, reject }, at) => {
      const result = results[at];
      if (result === undefined || (result !== null && 'error' in result))
        reject(new DatabaseError(result?.error ?? 'no answer came', result?.errcode ?? null));
      else resolve(result);
    });
  }

  /** When the thread has died, all its steps fail, and the next step starts another thread. */
  #lose(error: DatabaseError): void {
    const lost = [...this.#running, ...this.#waiting];
    this.#worker = null;
    this.#running = [];
    this.#waiting = [];
    this.#defined = [];
    this.#numbers.clear();
    for (const { reject } of lost) reject(error);
  }
}

function toError(cause: unknown): DatabaseError {
  if (cause instanceof DatabaseError) return cause;
  const { message = String(cause), errcode = null } = cause as { message?: string; errcode?: number };
  return new DatabaseError(message, errcode);
}
