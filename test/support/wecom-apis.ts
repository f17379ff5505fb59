/** The few APIs that the simulated WeCom knows. Each answer repeats something of what was asked. */
import { type ApiAnswer, ok, refusal } from '../../packages/simulator/api/answers.js';
import type { WecomCall } from './wecom-call.js';
import { uploadAnswer } from './wecom-media.js';

type ToAnswer = (call: WecomCall) => ApiAnswer;

const JSON_APIS = new Map<string, ToAnswer>([
  ['kf/sync_msg', fromJson(syncMsg)],
  ['kf/send_msg', fromJson(({ msgid, touser }) => ok({ msgid: msgid ?? `msg to ${touser}` }))],
  ['kf/send_msg_on_event', fromJson(({ code }) => ok({ msgid: `msg by ${code}` }))],
  ['kf/account/list', fromJson(listAccounts)],
  ['media/upload', uploadAnswer],
]);

export const API_NAMES: ReadonlySet<string> = new Set([...JSON_APIS.keys(), 'media/get']);

function syncMsg({ cursor = '', token, open_kfid }: Record<string, unknown>): ApiAnswer {
  return ok({
    next_cursor: `after ${cursor}`,
    has_more: 0,
    msg_list: [{ msgid: 'msg-1', open_kfid, token }],
  });
}

function listAccounts({ offset = 0, limit = 100 }: Record<string, unknown>): ApiAnswer {
  return ok({ account_list: [{ open_kfid: `wk-${offset}-${limit}`, name: '客服', avatar: '' }] });
}

/** A GET, or a POST without a body, asks with nothing. */
function fromJson(toAnswer: (body: Record<string, unknown>) => ApiAnswer): ToAnswer {
  return ({ text }) => {
    try {
      return toAnswer(JSON.parse(text || '{}'));
    } catch {
      return refusal(47001);
    }
  };
}

/**
 * What a call with a good token is answered. Asking for a file that is not there gives JSON too, as WeCom does.
 * @returns `null` when the answer is the file itself.
 */
export function answerOfApi(call: WecomCall, isFileThere: boolean): ApiAnswer | null {
  const toAnswer = JSON_APIS.get(call.api);
  if (toAnswer !== undefined) return toAnswer(call);
  return isFileThere ? null : refusal(40007);
}
