#!/usr/bin/env node
/**
 * Entry of the commands for the shell: `wxkf-manager <command>` or `node dist/cli.js <command>`. As in `main.ts`,
 * reflect-metadata comes before all else.
 */
import 'reflect-metadata';
import { requireNode } from './kernel/node-version.js';

requireNode();
const { runCommand } = await import('./cli/run-command.js');
const exitCode = await runCommand(process.argv.slice(2));
if (exitCode !== null) process.exit(exitCode);
