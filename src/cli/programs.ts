/**
 * Programs that run until they are ended. They handle signals and end the process themselves. The local WeCom and the demo
 * are in the package, and not in the container image.
 */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { inPackage } from '../kernel/package-root.js';
import { UsageError } from './terminal/command-error.js';

const NOT_HERE =
  'this program is not there: the container image comes without it, and in a checkout npm run build:all makes it';

export function addPrograms(program: Command): void {
  program
    .command('start')
    .summary('run the manager until a signal ends it')
    .description(
      'Takes its settings from the environment, and from .env in the folder where it is started. Without any it listens on http://127.0.0.1:7777 and keeps its data in ./data. SIGTERM lets it finish what is under way, and then it ends.',
    )
    .action(() => run('dist/main.js'));
  program
    .command('simulator')
    .usage('[options]')
    .summary('run a local WeCom, to try bots without an account at WeCom')
    .description(
      'Runs a local WeCom, to try bots without an account at WeCom. Its own --help tells its options.',
    )
    // It reads its options itself.
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => run('packages/simulator/dist/main.js'));
  program
    .command('demo')
    .summary('run a local WeCom, the manager and a bot that echoes, and see a message go through')
    .description(
      'Runs a local WeCom, the manager and a bot that echoes. All of it runs on this machine, in a temporary folder, and is gone when it ends. Ctrl-C ends it.',
    )
    .option('--agent', 'a stand-in of a service answers in place of the bot')
    .option('--once', 'type one message itself, and end when the reply is there')
    .action(() => run('packages/simulator/dist/demo/demo.js'));
}

/** Gives the program its own options as the command line, as if it had been started directly. */
async function run(path: string): Promise<void> {
  const file = inPackage(path);
  if (!existsSync(file)) throw new UsageError(NOT_HERE);
  process.argv = [process.execPath, file, ...process.argv.slice(3)];
  await import(pathToFileURL(file).href);
}
