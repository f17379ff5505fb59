import type { WecomAccountsAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

/** WeCom has 5 s for each page of a hundred. */
const DEADLINE_MS = 15_000;

/** The accounts of a corp as WeCom lists them. Fails when no corpSecret of it is known, or WeCom refuses. */
export const useWecomAccounts = (corpId: string) =>
  useAnswer<WecomAccountsAnswer>('/api/v1/wecom-accounts', {
    query: { corpId },
    everyMs: false,
    isWanted: corpId !== '',
    deadlineMs: DEADLINE_MS,
  });
