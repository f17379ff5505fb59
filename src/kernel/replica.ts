import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** What names this process among all replicas, those that ran before on its host included. */
export const REPLICA = `${hostname()
  .replaceAll(/[^\w.-]/g, '_')
  .slice(0, 64)}-${randomBytes(3).toString('hex')}`;
