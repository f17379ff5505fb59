/**
 * Entry. What must hold before the rest is loaded, since loading takes most of the start: a Node that can
 * run it, and signals that end it. As a container's first process it is ended by none that nobody awaits.
 * Decorators need reflect-metadata; loaded here, it is there before any file that has some.
 */
import 'reflect-metadata';
import { requireNode } from './kernel/node-version.js';

requireNode();
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
const { start } = await import('./start.js');
await start();

/** Before there is anything to drain. */
function leave(): void {
  process.exit(0);
}
