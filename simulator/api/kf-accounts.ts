import type { KfAccount } from '../corp/identity.js';
import { ok } from './answers.js';
import type { JsonApi } from './api-call.js';

const PAGE_MAX = 100;
const ACCOUNT = 64;

/** kf/account/list, 94661. The one app of this corp may manage all accounts. */
export const listAccounts: JsonApi = (fields, { corp }) => {
  const offset = fields.integer('offset', 0, 0, 2 ** 32 - 1);
  const limit = fields.integer('limit', PAGE_MAX, 1, PAGE_MAX);
  const page = corp.identity.accounts.slice(offset, offset + limit);
  return ok({ account_list: page.map(toItem) });
};

function toItem({ openKfId, name }: KfAccount) {
  return { open_kfid: openKfId, name, avatar: '', manage_privilege: true };
}

/** kf/servicer/list, 94645: a GET, unlike the others. */
export const listServicers: JsonApi = (_fields, { corp }, { query }) => {
  corp.journalOf((query.open_kfid ?? '').slice(0, ACCOUNT));
  return ok({ servicer_list: corp.servicers.map((userid) => ({ userid, status: 0 })) });
};
