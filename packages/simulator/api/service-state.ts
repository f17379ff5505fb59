import type { Conversation } from '../corp/conversation.js';
import type { ServiceState } from '../corp/session.js';
import { ok } from './answers.js';
import { type CallState, type JsonApi, requireAccount } from './api-call.js';
import type { RequestFields } from './request-fields.js';

const ID_BYTES_MAX = 64;

/** kf/service_state/get, 94669. */
export const getServiceState: JsonApi = (fields, call) => {
  const { state, servicerUserid } = readConversation(fields, call).session(call.corp.nowMs);
  return ok({ service_state: state, ...(servicerUserid !== null && { servicer_userid: servicerUserid }) });
};

/** kf/service_state/trans, 94669. */
export const transServiceState: JsonApi = (fields, call) => {
  const conversation = readConversation(fields, call);
  const to = fields.integer('service_state', -1, 0, 4) as ServiceState;
  const servicerUserid = to === 3 ? fields.required('servicer_userid', ID_BYTES_MAX) : null;
  const code = call.corp.act(conversation, { type: 'transfer', to, servicerUserid });
  return ok(code === null ? {} : { msg_code: code });
};

function readConversation(fields: RequestFields, call: CallState): Conversation {
  const openKfId = fields.required('open_kfid', ID_BYTES_MAX);
  requireAccount(call, openKfId);
  return call.corp.conversation(openKfId, fields.required('external_userid', ID_BYTES_MAX));
}
