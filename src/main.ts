/**
 * Entry of the manager. Loading the rest takes most of the start, so two things come first: the check of Node's version, and
 * listeners for the signals that end the process. A container's first process ignores a signal without a listener.
 * Decorators need reflect-metadata, so it is loaded before any file with decorators.
 */
import 'reflect-metadata';
import { requireNode } from './kernel/node-version.js';

requireNode();
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
const { start } = await import('./start.js');
await start();

/** Ends the process at once: there is nothing to drain yet. */
function leave(): void {
  process.exit(0);
}
