import { configOrExit } from '../../config/config-or-exit.js';
import { UsageError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { type Item, ManagerApi } from './manager-api.js';
import { printSummary } from '../terminal/summary.js';
import { toTable } from './table.js';

const LIMIT_MAX = 10_000;

export interface OperatorOptions {
  /** Where the manager is; left out: where a manager with these settings is. */
  readonly url?: string;
  readonly json?: boolean;
}

export interface ListOptions extends OperatorOptions {
  readonly limit: string;
}

export interface AddOptions extends OperatorOptions {
  readonly role: string;
}

/** Prints the operators, or with `--json` one object with what the API gave. */
export async function listOperators(options: ListOptions): Promise<number> {
  const limit = readLimit(options.limit);
  const { items, hasMore } = await apiOf(options).list('operators', limit);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ items, hasMore })}\n`);
    return EXIT_CODE.ok;
  }
  process.stdout.write(toTable(TITLES, items.map(toRow)));
  if (hasMore) process.stderr.write(`there are more than ${limit}; --limit shows up to ${LIMIT_MAX}\n`);
  return EXIT_CODE.ok;
}

function readLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new UsageError(`--limit must be a whole number from 1 to ${LIMIT_MAX}`);
}

const TITLES = ['NAME', 'ROLE', 'ADDED', 'TOKEN', 'TOKEN SINCE'];

function toRow({ name, role, createdAt, tokenId, tokenCreatedAt }: Item): string[] {
  return [String(name), String(role), toSeconds(createdAt), String(tokenId), toSeconds(tokenCreatedAt)];
}

/** ISO 8601 without the fraction. */
function toSeconds(time: unknown): string {
  return String(time).replace(/\.\d+Z$/, 'Z');
}

export async function addOperator(name: string, options: AddOptions): Promise<number> {
  const operator = await apiOf(options).post('operators', { name, role: options.role });
  printToken(options, `${name} is added, with the role ${options.role}`, operator);
  return EXIT_CODE.ok;
}

export async function renewOperator(name: string, options: OperatorOptions): Promise<number> {
  const operator = await apiOf(options).post(`operators/${encodeURIComponent(name)}/token`);
  printToken(options, `${name} has another token, and the one before has ended`, operator);
  return EXIT_CODE.ok;
}

export async function removeOperator(name: string, options: OperatorOptions): Promise<number> {
  await apiOf(options).delete(`operators/${encodeURIComponent(name)}`);
  printSummary(options, `${name} is removed`, { name });
  return EXIT_CODE.ok;
}

function apiOf({ url }: OperatorOptions): ManagerApi {
  return new ManagerApi(configOrExit('command'), url);
}

/** The token alone on standard output, so that it can be piped to where it is kept. */
function printToken(options: OperatorOptions, text: string, operator: Item): void {
  if (!options.json) process.stderr.write(`${text}; its token is shown this once:\n`);
  printSummary(options, String(operator.token), operator);
}
