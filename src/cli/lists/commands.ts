/** Lists of a running manager, by its API. */
import { type Command, Option } from 'commander';
import { JSON_OUTPUT, MANAGER_NOTE, MANAGER_URL } from '../options.js';
import type { AccountsOptions } from './accounts.js';
import type { BotsOptions } from './bots.js';
import type { DeliveriesOptions } from './deliveries.js';
import type { Ending } from './list.js';

const CORP = ['--corp <ID>', 'of this corp alone'] as const;

export function addLists(program: Command, ending: Ending): void {
  addList(program, 'accounts', 'list the registered accounts, and how their deliveries go')
    .option(...CORP)
    .addOption(
      new Option('--state <STATE>', 'of this state alone').choices(['dead', 'waiting', 'offline', 'online']),
    )
    .option('--search <TEXT>', 'with this in their id, name, corp or endpoint')
    .action(
      ending(async (options: AccountsOptions) => (await import('./accounts.js')).listAccounts(options)),
    );
  addList(program, 'bots', 'list the bots that operators added')
    .option(...CORP)
    .action(ending(async (options: BotsOptions) => (await import('./bots.js')).listBots(options)));
  addList(program, 'deliveries', 'list the delivery log, the newest first')
    .option('--account <ID>', 'of this account alone')
    .option(
      '--outcome <OUTCOME>',
      'of this outcome alone: taken, kept, not_taken, ignored, refused, failed, dead, dropped',
    )
    .action(
      ending(async (options: DeliveriesOptions) => (await import('./deliveries.js')).listDeliveries(options)),
    );
}

function addList(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}. ${MANAGER_NOTE}`)
    .option(...MANAGER_URL)
    .option('--limit <N>', 'at most so many', '100')
    .option(...JSON_OUTPUT);
}
