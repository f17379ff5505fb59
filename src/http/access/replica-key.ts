import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Secret } from '../../kernel/secret.js';

const KEY_BYTES = 32;

export const REPLICA_KEY_HEADER = 'x-wxkf-replica-key';

/** The key with which other replicas call this process. They read it in the store. It changes with each start. */
export const OWN_REPLICA_KEY = new Secret(randomBytes(KEY_BYTES).toString('base64url'));

/** @param key what a caller sent as the key of this process. */
export function isOwnReplicaKey(key: string): boolean {
  const [own, sent] = [Buffer.from(OWN_REPLICA_KEY.reveal()), Buffer.from(key)];
  return own.length === sent.length && timingSafeEqual(own, sent);
}
