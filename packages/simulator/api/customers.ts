import type { Corp } from '../corp/corp.js';
import { isKnown } from '../corp/session.js';
import { ok } from './answers.js';
import type { JsonApi } from './api-call.js';

const IDS_MAX = 100;

/** kf/customer/batchget, 95159. Knows who entered or wrote within the last 48 h. */
export const getCustomers: JsonApi = (fields, { corp }) => {
  const ids = fields.strings('external_userid_list', IDS_MAX);
  const withContext = fields.integer('need_enter_session_context', 0, 0, 1) === 1;
  const known = ids.filter((id) => sessionsOf(corp, id).some((session) => isKnown(session, corp.nowMs)));
  return ok({
    customer_list: known.map((id) => toItem(corp, id, withContext)),
    invalid_external_userid: ids.filter((id) => !known.includes(id)),
  });
};

function sessionsOf(corp: Corp, externalUserId: string) {
  const theirs = corp.conversations.filter((conversation) => conversation.externalUserId === externalUserId);
  return theirs.map((conversation) => conversation.session(corp.nowMs));
}

/** `unionid` is empty, as it is for a corp that has not bound a developer account. */
function toItem(corp: Corp, externalUserId: string, withContext: boolean) {
  const nickname = corp.findCustomer(externalUserId)?.nickname ?? '';
  const item = { external_userid: externalUserId, nickname, avatar: '', gender: 0, unionid: '' };
  return withContext ? { ...item, enter_session_context: contextOf(corp, externalUserId) } : item;
}

function contextOf(corp: Corp, externalUserId: string) {
  const entries = sessionsOf(corp, externalUserId).flatMap(({ entered }) => (entered ? [entered] : []));
  const last = entries.sort((a, b) => b.atMs - a.atMs)[0];
  return { scene: last?.scene ?? '', scene_param: last?.sceneParam ?? '' };
}
