#!/usr/bin/env node
/**
 * Entry of the commands for the shell: `wxkf-manager <command>` or `node dist/cli.js <command>`. As in `main.ts`,
 * reflect-metadata comes before all else.
 */
import 'reflect-metadata';
import { requireNode } from './kernel/node-version.js';

requireNode();
const { runCommand } = await import('./cli/run-command.js');
await runCommand();
