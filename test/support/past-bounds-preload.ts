/**
 * Loaded into a manager before anything else: it remembers as little of the past as `PAST_MAX` says, JSON. Node strips its types by
 * itself.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { PAST_MAX } = await import(pathToFileURL(resolve('dist/log/past.js')).href);
Object.assign(PAST_MAX, JSON.parse(process.env.PAST_MAX ?? '{}'));
