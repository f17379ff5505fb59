import { configOrExit } from '../../config/config-or-exit.js';
import { EXIT_CODE } from '../exit-code.js';
import { type List, type ListOptions, printList, toSeconds } from '../lists/list.js';
import { type Item, ManagerApi } from '../manager/manager-api.js';
import { printSummary } from '../summary.js';

export interface OperatorOptions {
  /** Of the manager; left out: of a manager with these settings. */
  readonly url?: string;
  readonly json?: boolean;
}

export interface AddOptions extends OperatorOptions {
  readonly role: string;
}

export function listOperators(options: ListOptions): Promise<number> {
  return printList({ path: 'operators', query: {}, columns: COLUMNS }, options);
}

const COLUMNS: List['columns'] = {
  NAME: (operator) => operator.name,
  ROLE: (operator) => operator.role,
  ADDED: (operator) => toSeconds(operator.createdAt),
  TOKEN: (operator) => operator.tokenId,
  'TOKEN SINCE': (operator) => toSeconds(operator.tokenCreatedAt),
};

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
