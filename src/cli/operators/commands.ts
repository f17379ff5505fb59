/** The named operators of a running manager, by its API. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OPERATOR_ROLES } from '../../kernel/role.js';
import { NAME_FORMAT } from '../../operators/operator.js';
import type { CommandRunner } from '../terminal/help.js';
import { JSON_OUTPUT } from '../terminal/summary.js';
import type { AddOptions, ListOptions, OperatorOptions } from './operators.js';

const LIST = 'list';
const MANAGER_URL = ['--url <URL>', 'where the manager is, if not at HOST and PORT'] as const;
const MANAGER_NOTE =
  'Asks the manager at HOST and PORT, or at --url, with AUTH_OPERATOR_TOKEN of the environment or .env.';

export function addOperators(program: Command, ending: CommandRunner): void {
  const operators = program
    .command('operators')
    .summary('operators with names, roles and tokens of their own')
    .description(`Lists the named operators if no command follows. ${MANAGER_NOTE}`);
  addList(operators, ending);
  addAdd(operators, ending);
  addRenew(operators, ending);
  addRemove(operators, ending);
}

function addList(operators: Command, ending: CommandRunner): void {
  operators
    .command(LIST, { isDefault: true })
    .summary('list the named operators')
    .description(`Lists the named operators, without their tokens. ${MANAGER_NOTE}`)
    .option(...MANAGER_URL)
    .option('--limit <N>', 'at most so many', '100')
    .option(...JSON_OUTPUT)
    .action(ending(async (options: ListOptions) => (await import('./operators.js')).listOperators(options)));
}

function addAdd(operators: Command, ending: CommandRunner): void {
  operators
    .command('add')
    .argument('<NAME>', NAME_FORMAT.expected, toName)
    .summary('add an operator, and print its token once')
    .description(
      `Adds an operator, and prints the token with which it uses the API and signs in to the console. It is shown this once. ${MANAGER_NOTE}`,
    )
    .addOption(
      new Option('--role <ROLE>', 'reader reads; admin also changes things')
        .choices(OPERATOR_ROLES)
        .makeOptionMandatory(),
    )
    .option(...MANAGER_URL)
    .option(...JSON_OUTPUT)
    .action(
      ending(async (name: string, options: AddOptions) =>
        (await import('./operators.js')).addOperator(name, options),
      ),
    );
}

function addRenew(operators: Command, ending: CommandRunner): void {
  operators
    .command('renew')
    .argument('<NAME>', 'the operator’s name', toName)
    .summary('give an operator another token, and print it once')
    .description(
      `Prints another token for the operator. The one before ends within 2 s, with the sessions of the console that it opened. ${MANAGER_NOTE}`,
    )
    .option(...MANAGER_URL)
    .option(...JSON_OUTPUT)
    .action(
      ending(async (name: string, options: OperatorOptions) =>
        (await import('./operators.js')).renewOperator(name, options),
      ),
    );
}

function addRemove(operators: Command, ending: CommandRunner): void {
  operators
    .command('remove')
    .argument('<NAME>', 'the operator’s name', toName)
    .summary('remove an operator')
    .description(
      `Removes the operator. Its token ends within 2 s, with the sessions of the console that it opened. ${MANAGER_NOTE}`,
    )
    .option(...MANAGER_URL)
    .option(...JSON_OUTPUT)
    .action(
      ending(async (name: string, options: OperatorOptions) =>
        (await import('./operators.js')).removeOperator(name, options),
      ),
    );
}

function toName(text: string): string {
  if (NAME_FORMAT.pattern.test(text)) return text;
  throw new InvalidArgumentError(`It must be ${NAME_FORMAT.expected}.`);
}
