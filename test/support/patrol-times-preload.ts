/**
 * Loaded into a manager before anything else: sets the times of its patrol to those of `PATROL_TIMES`, JSON. Node strips its types by
 * itself.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { PATROL_TIMES } = await import(pathToFileURL(resolve('dist/messages/pulling/patrol-times.js')).href);
Object.assign(PATROL_TIMES, JSON.parse(process.env.PATROL_TIMES ?? '{}'));
