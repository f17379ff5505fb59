import { hash } from 'node:crypto';
import type { Secret } from './secret.js';

/**
 * Every process makes the same id for the same secret. A corpSecret has 256 bits, so it cannot be guessed from
 * the id.
 */
export function secretIdOf(corpId: string, corpSecret: Secret): string {
  return hash('sha256', `secret ${corpId} ${corpSecret.reveal()}`, 'base64url');
}
