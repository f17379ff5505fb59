import type { SessionAnswer } from '../api/answers.gen.js';
import { answers } from '../api/answers.js';
import { request } from '../api/request.js';
import { forgetOneTime } from '../state/one-time.js';
import { interruption, session, sessionEnded } from './session.js';

const PATH = '/console/session';

export async function loadSession(): Promise<void> {
  session.value = await request<SessionAnswer>(PATH);
}

/** Another tab may have signed out, or signed in somebody else, who is then who acts in this one. */
export async function lookAgain(): Promise<void> {
  const before = session.value;
  const now = await request<SessionAnswer>(PATH);
  // What was done here meanwhile is newer.
  if (session.value !== before) return;
  if (!now.isSignedIn) return sessionEnded();
  session.value = now;
  interruption.value = null;
}

/** @throws ApiError when the token is none of an operator. */
export async function signIn(token: string): Promise<void> {
  session.value = await request<SessionAnswer>(PATH, { method: 'POST', body: { token } });
  interruption.value = null;
}

export async function signOut(): Promise<void> {
  session.value = await request<SessionAnswer>(PATH, { method: 'DELETE' });
  interruption.value = null;
  forgetOneTime();
  // The next operator may be allowed to see less.
  answers.clear();
}
