/** Who serves an account: kf/servicer/list (94645), add (94646) and del (94647). Departments are not played. */
import type { Servicer } from '../corp/servicers.js';
import { ok } from './answers.js';
import { type CallState, type JsonApi, requireAccount } from './api-call.js';
import type { RequestFields } from './request-fields.js';

const ID_BYTES_MAX = 64;
const USERIDS_MAX = 100;

/** A GET, unlike the others. */
export const listServicers: JsonApi = (_fields, state, { query }) => {
  const openKfId = (query.open_kfid ?? '').slice(0, ID_BYTES_MAX);
  requireAccount(state, openKfId);
  return ok({ servicer_list: state.corp.servicers.list(openKfId).map(toItem) });
};

export const addServicers: JsonApi = (fields, state) => {
  const { openKfId, userids } = readUserids(fields, state);
  return toResults(userids, (userid) => state.corp.servicers.add(openKfId, userid), state);
};

export const deleteServicers: JsonApi = (fields, state) => {
  const { openKfId, userids } = readUserids(fields, state);
  return toResults(userids, (userid) => state.corp.servicers.delete(openKfId, userid), state);
};

function toItem({ userid, status }: Servicer) {
  if (status === 'serving') return { userid, status: 0 };
  return { userid, status: 1, stop_type: status === 'suspended' ? 1 : 0 };
}

function readUserids(fields: RequestFields, state: CallState) {
  const openKfId = fields.required('open_kfid', ID_BYTES_MAX);
  requireAccount(state, openKfId);
  return { openKfId, userids: fields.strings('userid_list', USERIDS_MAX) };
}

/** What was so already is `ignored`. */
function toResults(userids: readonly string[], change: (userid: string) => boolean, { corp }: CallState) {
  const result_list = userids.map((userid) => ({
    userid,
    errcode: 0,
    errmsg: change(userid) ? 'success' : 'ignored',
  }));
  corp.onChange();
  return ok({ result_list });
}
