import { type ReactNode, useEffect, useState } from 'react';
import { ErrorNote } from '../components/error-note.js';
import { useCell } from '../state/cell.js';
import { session } from './session.js';
import { loadSession, lookAgain } from './sign-in.js';
import { SignInPage } from './sign-in-page.js';

/** Lets through whoever the manager lets through. Nothing is drawn before that is known. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const current = useCell(session);
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => void loadSession().catch(setError), []);
  useEffect(lookAgainWhenSeen, []);
  const retry = (): void => {
    setError(null);
    loadSession().catch(setError);
  };
  if (current === null)
    return <main className="alone">{error !== null && <ErrorNote error={error} onRetry={retry} />}</main>;
  return current.isSignedIn ? children : <SignInPage />;
}

/** @returns what ends that. */
function lookAgainWhenSeen(): () => void {
  const end = new AbortController();
  const look = (): void => {
    // Of a manager that does not answer every page tells by itself.
    if (!document.hidden) void lookAgain().catch(() => {});
  };
  document.addEventListener('visibilitychange', look, { signal: end.signal });
  addEventListener('focus', look, { signal: end.signal });
  return () => end.abort();
}
