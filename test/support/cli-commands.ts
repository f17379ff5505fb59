import type { Command } from 'commander';
import { createProgram } from '../../src/cli/commands.js';

/** Every command by what follows the name of the program. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(commandsUnder(createProgram(), []));

function commandsUnder({ commands }: Command, path: readonly string[]): [string, Command][] {
  return commands.flatMap((command) => {
    const name = [...path, command.name()];
    return command.commands.length > 0
      ? commandsUnder(command, name)
      : [[name.join(' '), command] satisfies [string, Command]];
  });
}
