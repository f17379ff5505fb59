import type { SessionAnswer } from '../api/answers.gen.js';
import { Cell, useCell } from '../state/cell.js';

/** What the manager calls whoever signed in with a secret of AUTH_OPERATOR_TOKEN. */
export const SHARED_SECRET = 'shared secret';

/** null until the manager has said. */
export const session = new Cell<SessionAnswer | null>(null);
/** Why a page that was in use asks for a sign-in: its session ended, or none was needed before. null while it does not. */
export const interruption = new Cell<'ended' | 'first' | null>(null);

/** Whether no bot can take messages, since the manager cannot seal them. */
export function useLacksSecretsKey(): boolean {
  return useCell(session)?.hasSecretsKey === false;
}

/** Whether whoever is signed in may change nothing. */
export function useIsReader(): boolean {
  return useCell(session)?.operator?.role === 'reader';
}

/** The manager takes the cookie no more: it has expired, or its secret or token has been changed. Or it asks for one from now on. */
export function sessionEnded(): void {
  if (session.value === null || !session.value.isSignedIn) return;
  interruption.value = session.value.isAsked ? 'ended' : 'first';
  session.value = { ...session.value, isSignedIn: false, isAsked: true, expiresAt: null, operator: null };
}
