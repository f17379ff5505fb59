/** A process that writes to an embedded store for as long as it lives, as the built manager does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export const TABLE = 'CREATE TABLE IF NOT EXISTS things (id TEXT PRIMARY KEY, said TEXT NOT NULL) STRICT';
export const PUT = 'INSERT INTO things VALUES (?, ?) ON CONFLICT DO UPDATE SET said = excluded.said';

const PROGRAM = `
  const { SqliteStore } = await import(${JSON.stringify(`${process.cwd()}/dist/storage/sqlite/sqlite-store.js`)});
  const { CONTENTS } = await import(${JSON.stringify(`${process.cwd()}/dist/store-contents.js`)});
  const store = await SqliteStore.open({ dataDir: process.argv[1] }, CONTENTS);
  await store.step('append audit', { sql: ${JSON.stringify(TABLE)} });
  for (let n = 0; ; n++) {
    const id = String(n).padStart(6, '0');
    await store.step('append audit', { sql: ${JSON.stringify(PUT)}, values: [id, 'it'] });
    console.log(id);
  }
`;

export class StoreWriter {
  /** The ids of its rows that were answered, in order. */
  readonly answered: string[] = [];
  readonly #child: ChildProcess;
  readonly #lines;

  constructor(dataDir: string) {
    const args = ['--input-type=module', '--eval', PROGRAM, dataDir];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout }).on('line', (id) => this.answered.push(id));
  }

  /** Until it has so many rows. */
  async has(count: number): Promise<void> {
    while (this.answered.length < count) await once(this.#lines, 'line');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}
