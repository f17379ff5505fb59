import { hash } from 'node:crypto';
import type { Secret } from './secret.js';

/** The same for the same secret wherever it is made. A corpSecret has 256 bits, so it cannot be found by trying. */
export function secretIdOf(corpId: string, corpSecret: Secret): string {
  return hash('sha256', `secret ${corpId} ${corpSecret.reveal()}`, 'base64url');
}
