import { configOrExit } from '../../config/config-or-exit.js';
import { UsageError } from '../command-error.js';
import { EXIT_CODE } from '../exit-code.js';
import { type Item, ManagerApi, type Query } from '../manager/manager-api.js';
import { toTable } from './table.js';

/** Gives a command its exit code, and lets signals interrupt it. */
export type Ending = <A extends unknown[]>(
  work: (...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

export interface ListOptions {
  /** Of the manager; left out: of a manager with these settings. */
  readonly url?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** A list of the API, and how it is shown to people. */
export interface List {
  /** Under `/api/v1/`. */
  readonly path: string;
  readonly query: Query;
  readonly columns: Readonly<Record<string, (item: Item) => unknown>>;
}

const LIMIT_MAX = 10_000;

/** Prints what there is, or with `--json` one object as the API gave it. */
export async function printList({ path, query, columns }: List, options: ListOptions): Promise<number> {
  const limit = readLimit(options.limit);
  const { items, hasMore } = await new ManagerApi(configOrExit('command'), options.url).list(
    path,
    query,
    limit,
  );
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ items, hasMore })}\n`);
    return EXIT_CODE.ok;
  }
  const rows = items.map((item) => Object.values(columns).map((column) => toText(column(item))));
  process.stdout.write(toTable(Object.keys(columns), rows));
  if (hasMore) process.stderr.write(`there are more than ${limit}; --limit shows up to ${LIMIT_MAX}\n`);
  return EXIT_CODE.ok;
}

function readLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new UsageError(`--limit must be a whole number from 1 to ${LIMIT_MAX}`);
}

/** For a cell of a table. */
export function toText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return Array.isArray(value) ? value.join(' ') : String(value);
}

/** ISO 8601 without the fraction. */
export const toSeconds = (time: unknown): string | null =>
  typeof time === 'string' ? time.replace(/\.\d+Z$/, 'Z') : null;
