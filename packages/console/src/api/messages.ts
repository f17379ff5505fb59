import type { MessageAnswer, MessagesReplayedAnswer } from './answers.gen.js';
import { usePaged } from './answers.js';
import { request } from './request.js';

export type MessageList = MessageAnswer['state'];

/** Empty for all. */
export interface MessageFilter {
  readonly state: MessageList | '';
  readonly corpId: string;
  readonly openKfId: string;
}

/** Each is made due by itself, and there may be very many. */
const REPLAY_ALL_DEADLINE_MS = 5 * 60_000;

export const useMessages = (filter: MessageFilter) =>
  usePaged<MessageAnswer>('/api/v1/messages', { ...filter });

export function replayMessage(message: MessageAnswer): Promise<unknown> {
  return request(`${pathOf(message)}/replay`, { method: 'POST' });
}

export function replayDeadMessages(corpId: string): Promise<MessagesReplayedAnswer> {
  const body = { state: 'dead', ...(corpId !== '' && { corpId }) };
  return request('/api/v1/messages/replay', { method: 'POST', body, deadlineMs: REPLAY_ALL_DEADLINE_MS });
}

export function dropMessage(message: MessageAnswer): Promise<unknown> {
  return request(pathOf(message), { method: 'DELETE' });
}

function pathOf({ openKfId, webhookId }: MessageAnswer): string {
  return `/api/v1/messages/${encodeURIComponent(openKfId)}/${encodeURIComponent(webhookId)}`;
}
