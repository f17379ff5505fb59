import type { App } from '../corp/app.js';
import type { KfAccount } from '../corp/identity.js';
import { ok } from './answers.js';
import type { JsonApi } from './api-call.js';

const PAGE_MAX = 100;

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
