import { ok, Refused } from './answers.js';
import { type JsonApi, requireAccount } from './api-call.js';

const PAGE_MAX = 1_000;

/** kf/sync_msg, 94670. `open_kfid` is required, as it has been since 2025. */
export const syncMsg: JsonApi = (fields, state) => {
  const { corp, syncTokens, faults } = state;
  const cursor = fields.string('cursor', 64);
  const token = fields.string('token', 128);
  const limit = fields.integer('limit', PAGE_MAX, 0, PAGE_MAX);
  fields.integer('voice_format', 0, 0, 1);
  const openKfId = fields.required('open_kfid', 64);
  requireAccount(state, openKfId);
  syncTokens.admit(openKfId, token, corp.nowMs);
  if (faults.refuseCursors && cursor !== '') throw new Refused(40058, 'invalid cursor');
  const { messages, nextCursor, hasMore } = corp
    .journalOf(openKfId)
    .read(openKfId, cursor, limit || PAGE_MAX, corp.nowMs, faults.repeatedMessages);
  return ok({ next_cursor: nextCursor, has_more: hasMore ? 1 : 0, msg_list: messages });
};
