import type { KfAccountAnswer, TestedAnswer } from './answers.gen.js';
import type { Page } from './page.js';
import { toQuery } from './query.js';
import { request } from './request.js';

export type AccountState = KfAccountAnswer['state'];

export interface AccountFilter {
  readonly q: string;
  readonly state: string;
  readonly corpId: string;
}

/** An attempt takes 5 s at the longest. */
const TEST_DEADLINE_MS = 15_000;
const PAGE_SIZE = 50;

export function listAccounts(
  filter: AccountFilter,
  sort: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<KfAccountAnswer>> {
  return request(`/api/v1/kf-accounts${toQuery({ ...filter, sort, cursor, limit: PAGE_SIZE })}`, { signal });
}

export function getAccount(openKfId: string, signal: AbortSignal): Promise<KfAccountAnswer> {
  return request(pathOf(openKfId), { signal });
}

export function forgetAccount(openKfId: string): Promise<unknown> {
  return request(pathOf(openKfId), { method: 'DELETE' });
}

export function testAccount(openKfId: string): Promise<TestedAnswer> {
  return request(`${pathOf(openKfId)}/test`, { method: 'POST', deadlineMs: TEST_DEADLINE_MS });
}

function pathOf(openKfId: string): string {
  return `/api/v1/kf-accounts/${encodeURIComponent(openKfId)}`;
}
