import type { WecomAccountAnswer, WecomAccountsAnswer } from './answers.gen.js';
import { toQuery } from './query.js';
import { request } from './request.js';

/** WeCom has 5 s for each page of a hundred. */
const DEADLINE_MS = 15_000;

/** The accounts of a corp as WeCom lists them. Rejects when no corpSecret of it is known, or WeCom refuses. */
export async function listWecomAccounts(
  corpId: string,
  signal: AbortSignal,
): Promise<readonly WecomAccountAnswer[]> {
  const query = toQuery({ corpId });
  const { items } = await request<WecomAccountsAnswer>(`/api/v1/wecom-accounts${query}`, {
    signal,
    deadlineMs: DEADLINE_MS,
  });
  return items;
}
