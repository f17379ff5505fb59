/** A manager that remembers little of the past, as a process of its own. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PAST_MAX } from '../../src/log/past.js';

export function withPastMax(max: Partial<typeof PAST_MAX>): Record<string, string> {
  const preload = pathToFileURL(resolve('test/support/past-bounds-preload.ts'));
  return { PAST_MAX: JSON.stringify(max), NODE_OPTIONS: `--import ${preload.href}` };
}
