/** A patrol that looks every second, for a manager that runs as a process of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PATROL_TIMES } from '../../src/messages/pulling/patrol-times.js';

export function withPatrolTimes(times: Partial<typeof PATROL_TIMES>): Record<string, string> {
  const preload = pathToFileURL(resolve('test/support/patrol-times-preload.ts'));
  return { PATROL_TIMES: JSON.stringify(times), NODE_OPTIONS: `--import ${preload.href}` };
}
