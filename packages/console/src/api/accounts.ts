import { usePaged, useAnswer } from './answers.js';
import type { AccountAnswer, AccountDetailAnswer } from './coming.js';

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
  useAnswer<AccountDetailAnswer>(
    `/api/v1/accounts/${encodeURIComponent(corpId)}/${encodeURIComponent(openKfId)}`,
  );
