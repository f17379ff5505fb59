#!/usr/bin/env node
/** Entry of the commands for the shell: `npx wxkf-manager <command>` or `node dist/cli.js <command>`. */
import { requireNode } from './kernel/node-version.js';

requireNode();
const { runCommand } = await import('./cli/run-command.js');
process.exit(await runCommand(process.argv.slice(2)));
