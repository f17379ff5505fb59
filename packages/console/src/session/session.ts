import type { SessionAnswer } from '../api/answers.gen.js';
import { Cell, useCell } from '../state/cell.js';

/** What the manager calls whoever signed in with a secret of AUTH_OPERATOR_TOKEN. */
export const SHARED_SECRET = 'shared secret';

/** null until the manager has said. */
export const session = new Cell<SessionAnswer | null>(null);
/** Whether it ended while it was in use, which the sign-in then says. */
export const hasSessionEnded = new Cell(false);

/** Whether whoever is signed in may change nothing. */
export function useIsReader(): boolean {
  return useCell(session)?.operator?.role === 'reader';
}

/** The manager takes the cookie no more: it has expired, or its secret or token has been changed. */
export function sessionEnded(): void {
  if (session.value === null || !session.value.isSignedIn) return;
  hasSessionEnded.value = true;
  session.value = { ...session.value, isSignedIn: false, isAsked: true, expiresAt: null, operator: null };
}
