import type { MessageAnswer, MessagePageAnswer, MessagesReplayedAnswer } from './answers.gen.js';
import { usePaged } from './answers.js';
import { toQuery } from './to-query.js';
import { request } from './request.js';

export type MessageList = MessageAnswer['state'];

/** Empty for all. */
export interface MessageFilter {
  readonly state: MessageList | '';
  readonly corpId: string;
  readonly openKfId: string;
}

type MessageName = Pick<MessageAnswer, 'openKfId' | 'webhookId'>;

const COUNTED_PAGE_SIZE = 200;
const COUNTED_MAX = 2_000;
/** Each is made due by itself, and there may be very many. */
const REPLAY_ALL_DEADLINE_MS = 5 * 60_000;

export const useMessages = (filter: MessageFilter) =>
  usePaged<MessageAnswer>('/api/v1/messages', { ...filter });

export function replayMessage(message: MessageName): Promise<unknown> {
  return request(`${pathOf(message)}/replay`, { method: 'POST' });
}

/** Up to 2,000; the API has no count of those of one corp. */
export async function countDeadMessages(corpId: string): Promise<{ count: number; isWhole: boolean }> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const query = toQuery({ state: 'dead', corpId, cursor, limit: COUNTED_PAGE_SIZE });
    const page: MessagePageAnswer = await request(`/api/v1/messages${query}`);
    count += page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null && count < COUNTED_MAX);
  return { count, isWhole: cursor === null };
}

export function replayDeadMessages(corpId: string): Promise<MessagesReplayedAnswer> {
  const body = { state: 'dead', ...(corpId !== '' && { corpId }) };
  return request('/api/v1/messages/replay', { method: 'POST', body, deadlineMs: REPLAY_ALL_DEADLINE_MS });
}

export function dropMessage(message: MessageName): Promise<unknown> {
  return request(pathOf(message), { method: 'DELETE' });
}

function pathOf({ openKfId, webhookId }: MessageName): string {
  return `/api/v1/messages/${encodeURIComponent(openKfId)}/${encodeURIComponent(webhookId)}`;
}
