import type { SessionAnswer } from '../api/answers.gen.js';
import { request } from '../api/request.js';
import { forgetOneTime } from '../data/one-time.js';
import { hasSessionEnded, session } from './session.js';

const PATH = '/console/session';

export async function loadSession(): Promise<void> {
  session.value = await request<SessionAnswer>(PATH);
}

/** @throws ApiError when the token is none of an operator. */
export async function signIn(token: string): Promise<void> {
  session.value = await request<SessionAnswer>(PATH, { method: 'POST', body: { token } });
  hasSessionEnded.value = false;
}

export async function signOut(): Promise<void> {
  session.value = await request<SessionAnswer>(PATH, { method: 'DELETE' });
  hasSessionEnded.value = false;
  forgetOneTime();
}
