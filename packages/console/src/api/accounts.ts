import { usePaged, useAnswer } from './answers.js';
import type { AccountAnswer, AccountPageAnswer, TestedAnswer } from './answers.gen.js';
import { request } from './request.js';

/** An attempt takes 5 s at the longest. */
const TEST_DEADLINE_MS = 15_000;

export interface AccountFilter {
  readonly q: string;
  readonly corpId: string;
  readonly botId: string;
  readonly servedBy: string;
  readonly state: string;
  /** Empty for the order of the API itself: the worst first. */
  readonly sort: string;
}

/** Accounts of all apps. */
export const useAccounts = (filter: Partial<AccountFilter>) =>
  usePaged<AccountAnswer>('/api/v1/accounts', filter);

export const useAccount = (corpId: string, openKfId: string) =>
  useAnswer<AccountAnswer>(pathOf(openKfId), { query: { corpId } });

/** Its registration. */
export function forgetAccount(openKfId: string): Promise<unknown> {
  return request(pathOf(openKfId), { method: 'DELETE' });
}

export function testAccount(openKfId: string): Promise<TestedAnswer> {
  return request(`${pathOf(openKfId)}/test`, { method: 'POST', deadlineMs: TEST_DEADLINE_MS });
}

/** So many names are known to lists. */
const NAMED_MAX = 200;

/** The first 200, which are the worst, for their names. */
export const useKnownAccounts = () =>
  useAnswer<AccountPageAnswer>('/api/v1/accounts', { query: { limit: NAMED_MAX }, everyMs: 30_000 });

/** The first ones whose name or id contains it. */
export const useAccountsLike = (q: string, limit: number, isWanted: boolean) =>
  useAnswer<AccountPageAnswer>('/api/v1/accounts', { query: { q, limit }, everyMs: false, isWanted });

/** Asks once. The manager then asks WeCom for the accounts of each corp, and names them everywhere. */
export const useAccountsOfWecom = () =>
  useAnswer<AccountPageAnswer>('/api/v1/accounts', { query: { limit: 1 }, everyMs: false });

function pathOf(openKfId: string): string {
  return `/api/v1/accounts/${encodeURIComponent(openKfId)}`;
}
