import { signal } from '@preact/signals';
import type { SessionAnswer } from '../api/answers.gen.js';

/** null until the manager has said. */
export const session = signal<SessionAnswer | null>(null);
/** Whether it ended while it was in use, which the sign-in then says. */
export const hasSessionEnded = signal(false);

/** Whether whoever is signed in may change nothing. */
export function isReader(): boolean {
  return session.value?.operator?.role === 'reader';
}

/** The manager takes the cookie no more: it has expired, or its secret or token has been changed. */
export function sessionEnded(): void {
  if (session.value === null || !session.value.isSignedIn) return;
  hasSessionEnded.value = true;
  session.value = { ...session.value, isSignedIn: false, isAsked: true, expiresAt: null, operator: null };
}
