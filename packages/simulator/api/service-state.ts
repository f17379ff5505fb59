import type { Conversation, ServiceState } from '../corp/conversation.js';
import type { Scene } from '../corp/event-codes.js';
import { ok, Refused } from './answers.js';
import { type CallState, type JsonApi, requireAccount } from './api-call.js';
import type { RequestFields } from './request-fields.js';

const ID_BYTES_MAX = 64;
/** For which a code comes back, to say something to the customer with. */
const CODE_SCENES: Readonly<Partial<Record<ServiceState, Scene>>> = { 2: 'waiting', 3: 'taken', 4: 'ended' };

/** kf/service_state/get, 94669. */
export const getServiceState: JsonApi = (fields, call) => {
  const conversation = readConversation(fields, call);
  const state = conversation.state(call.corp.nowMs);
  return ok({ service_state: state, ...(state === 3 && { servicer_userid: conversation.servicerUserid }) });
};

/** kf/service_state/trans, 94669. */
export const transServiceState: JsonApi = (fields, call) => {
  const { corp } = call;
  const conversation = readConversation(fields, call);
  const to = fields.integer('service_state', -1, 0, 4) as ServiceState;
  const servicer = to === 3 ? fields.required('servicer_userid', ID_BYTES_MAX) : null;
  if (servicer !== null && !corp.servicers.includes(servicer)) throw new Refused(95014);
  conversation.transit(to, servicer, corp.nowMs);
  corp.onChange();
  const scene = CODE_SCENES[to];
  return ok(scene === undefined ? {} : { msg_code: corp.codes.give(scene, conversation, corp.nowMs) });
};

function readConversation(fields: RequestFields, call: CallState): Conversation {
  const openKfId = fields.required('open_kfid', ID_BYTES_MAX);
  requireAccount(call, openKfId);
  return call.corp.conversation(openKfId, fields.required('external_userid', ID_BYTES_MAX));
}
