/** Puppets and their accounts, as they registered. */
import type { KfAccountPageAnswer, TestedAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';
import { request } from './request.js';

/** An attempt takes 5 s at the longest. */
const TEST_DEADLINE_MS = 15_000;

/** The first ones whose name, id or address contains it. */
export const useRegistrationsLike = (q: string, limit: number, isWanted: boolean) =>
  useAnswer<KfAccountPageAnswer>('/api/v1/kf-accounts', { query: { q, limit }, everyMs: false, isWanted });

export function forgetAccount(openKfId: string): Promise<unknown> {
  return request(pathOf(openKfId), { method: 'DELETE' });
}

export function testAccount(openKfId: string): Promise<TestedAnswer> {
  return request(`${pathOf(openKfId)}/test`, { method: 'POST', deadlineMs: TEST_DEADLINE_MS });
}

function pathOf(openKfId: string): string {
  return `/api/v1/kf-accounts/${encodeURIComponent(openKfId)}`;
}
