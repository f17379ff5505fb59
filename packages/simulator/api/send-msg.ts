import type { Corp } from '../corp/corp.js';
import { randomText } from '../random-text.js';
import { ok, Refused } from './answers.js';
import { type JsonApi, requireAccount } from './api-call.js';
import { readMessageBody } from './message-body.js';
import type { RequestFields } from './request-fields.js';

/** kf/send_msg, 94677: five messages within 48 h of what the customer wrote, while no servicer has them. */
export const sendMsg: JsonApi = (fields, state) => {
  const { corp } = state;
  const touser = fields.required('touser', 64);
  const openKfId = fields.required('open_kfid', 64);
  requireAccount(state, openKfId);
  const conversation = corp.conversation(openKfId, touser);
  const msgtype = fields.required('msgtype', 32);
  const body = readMessageBody(fields, msgtype, corp.media, corp.nowMs);
  const msgid = readMsgid(fields, corp, openKfId);
  corp.act(conversation, { type: 'botSends' });
  corp.deliver(conversation, msgid, msgtype, body);
  return ok({ msgid });
};

/** kf/send_msg_on_event, 95122: one message for the code of an event. */
export const sendMsgOnEvent: JsonApi = (fields, { corp, app }) => {
  const code = fields.required('code', 128);
  const msgtype = fields.required('msgtype', 32);
  const { conversation, scene } = corp.codes.find(code, msgtype, corp.nowMs);
  app.requireManaged(conversation.openKfId);
  const body = readMessageBody(fields, msgtype, corp.media, corp.nowMs);
  const msgid = readMsgid(fields, corp, conversation.openKfId);
  corp.codes.use(code);
  if (scene === 'welcome') corp.act(conversation, { type: 'welcome' });
  corp.deliver(conversation, msgid, msgtype, body);
  return ok({ msgid });
};

/** The caller's own, or a new one. @throws Refused when the account has had it: a client may not use one twice. */
function readMsgid(fields: RequestFields, corp: Corp, openKfId: string): string {
  const msgid = fields.string('msgid', 32) || randomText(32);
  if (!/^[\w-]+$/.test(msgid)) throw new Refused(40058, 'invalid msgid');
  if (corp.isUsed(openKfId, msgid)) throw new Refused(40058, 'msgid is not unique');
  return msgid;
}
