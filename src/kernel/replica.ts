import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Identifies this process among all replicas, including earlier ones on the same host. */
export const REPLICA = `${hostname()
  .replaceAll(/[^\w.-]/g, '_')
  .slice(0, 64)}-${randomBytes(3).toString('hex')}`;

/** The host of a replica, by its id. */
export function hostOf(replica: string): string {
  return replica.replace(/-[\da-f]{6}$/, '');
}
