import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Loading } from '../components/loading.js';
import { Problem } from '../components/problem.js';
import { useAction } from '../data/action.js';
import { session } from './session.js';
import { loadSession, lookAgain } from './sign-in.js';
import { SignInPage } from './sign-in-page.js';

/** Lets through whoever the manager lets through. */
export function SessionGate({ children }: { readonly children: ComponentChildren }) {
  const { error, run } = useAction(loadSession);
  // Once, and then when somebody asks for it.
  useEffect(() => void run(), []);
  useEffect(lookAgainWhenSeen, []);
  if (session.value === null) {
    return (
      <main class="alone">{error === null ? <Loading /> : <Problem error={error} onRetry={run} />}</main>
    );
  }
  return session.value.isSignedIn ? children : <SignInPage />;
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
