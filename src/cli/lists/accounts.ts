import type { Item } from '../manager/manager-api.js';
import { type List, type ListOptions, printList, toSeconds } from './list.js';

export interface AccountsOptions extends ListOptions {
  readonly corp?: string;
  readonly state?: string;
  readonly search?: string;
}

export function listAccounts(options: AccountsOptions): Promise<number> {
  const query = { corpId: options.corp, state: options.state, q: options.search };
  return printList({ path: 'kf-accounts', query, columns: COLUMNS }, options);
}

const COLUMNS: List['columns'] = {
  ACCOUNT: (account) => account.openKfId,
  NAME: (account) => account.name,
  CORP: (account) => account.corpId,
  STATE: (account) => account.state,
  ENDPOINT: (account) => account.endpoint,
  'LAST TAKEN': (account) => toSeconds((account.lastDelivery as Item | null)?.at),
  'LAST FAILURE': (account) => (account.lastFailure as Item | null)?.reason,
};
