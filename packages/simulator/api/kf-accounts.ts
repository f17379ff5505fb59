import type { App } from '../corp/app.js';
import type { KfAccount } from '../corp/identity.js';
import { ok } from './answers.js';
import { type JsonApi, requireAccount } from './api-call.js';

const PAGE_MAX = 100;
const ACCOUNT = 64;

/** kf/account/list, 94661: all accounts of the corp, and whether the app that calls may manage each. */
export const listAccounts: JsonApi = (fields, { corp, app }) => {
  const offset = fields.integer('offset', 0, 0, 2 ** 32 - 1);
  const limit = fields.integer('limit', PAGE_MAX, 1, PAGE_MAX);
  const page = corp.identity.accounts.slice(offset, offset + limit);
  return ok({ account_list: page.map((account) => toItem(account, app)) });
};

function toItem({ openKfId, name }: KfAccount, { openKfIds }: App) {
  return { open_kfid: openKfId, name, avatar: '', manage_privilege: openKfIds.has(openKfId) };
}

/** kf/servicer/list, 94645: a GET, unlike the others. */
export const listServicers: JsonApi = (_fields, state, { query }) => {
  requireAccount(state, (query.open_kfid ?? '').slice(0, ACCOUNT));
  return ok({ servicer_list: state.corp.servicers.map((userid) => ({ userid, status: 0 })) });
};
