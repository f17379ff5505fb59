import { type Command, Option } from 'commander';
import { examples, type CommandRunner } from '../terminal/help.js';
import type { ConnectOptions } from './connect.js';
import { toAccounts, toClientId, toForwardUrl, toManagerUrl } from './options.js';

/** Adds `connect`. */
export function addConnect(program: Command, ending: CommandRunner): void {
  program
    .command('connect')
    .summary('give the events of a bot without an address to a program on this machine')
    .description(
      'Connects to a manager with the key of a bot of kind stream or callback, and posts each event to a local URL as WeCom does; a message of a bot that takes messages, of kind stream, as JSON. A 2xx takes the event; otherwise it comes again. It connects again by itself, and goes on until Ctrl-C or SIGTERM, which let what is under way end. Of the manager’s settings it needs none.',
    )
    .requiredOption('--manager <URL>', 'where the manager is: https://kf.example.com', toManagerUrl)
    .addOption(
      new Option('--key <KEY>', 'the bot’s key. Better in the environment, since others see a command line')
        .env('WXKF_KEY')
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--forward <URL>',
      'where the program takes callbacks: http://127.0.0.1:6185/callback/command',
      toForwardUrl,
    )
    .option(
      '--client <ID>',
      'names this client to the manager: another connection with the same name takes its place. Made of host, folder and --forward where it is left out',
      toClientId,
    )
    .option(
      '--accounts <LIST>',
      'only these kf accounts of the bot, with commas between them; all of them where it is left out',
      toAccounts,
    )
    .option('--json', 'one JSON object for each event instead of a line')
    .addHelpText(
      'after',
      `${examples('connect --manager https://kf.example.com --forward http://127.0.0.1:6185/callback/command')}

Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 the manager does not take what this client says, 2 a mistake in the command
line, 3 the manager does not take the key, 4 the same client has connected elsewhere, 130 by a second Ctrl-C,
141 the reader of the output has closed it.`,
    )
    .action(ending(async (options: ConnectOptions) => (await import('./connect.js')).connect(options)));
}
