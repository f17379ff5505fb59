/** What belongs together: a message, the callback that told of it, and the calls by which a bot fetched and answered it. */
import { signal } from '@preact/signals';
import type { CallRecord } from '../../api/call-log.js';
import type { CallbackRecord } from '../../callbacks/callback-record.js';
import type { ChatMessage } from '../../corp/chat.js';
import { view } from './server.js';

export type Panel = 'callbacks' | 'calls' | 'servicers' | 'setup' | 'faults';

/** Which one is shown beside the conversation. */
export const panel = signal<Panel>('callbacks');

/** What somebody followed a link to. */
export const followed = signal<{ readonly panel: Panel; readonly id: number } | null>(null);

export function follow(to: Panel, id: number): void {
  panel.value = to;
  followed.value = { panel: to, id };
}

export function callbackOf({ msgid }: ChatMessage): CallbackRecord | undefined {
  return view.value?.callbacks.find((one) => one.msgid === msgid);
}

/** The call by which a bot sent it. */
export function sendingOf({ from, msgid }: ChatMessage): CallRecord | undefined {
  if (from !== 'bot') return undefined;
  return view.value?.calls.find(({ api, answer }) => /^kf\/send_msg/.test(api) && answer.includes(msgid));
}

/** The calls of sync_msg that came of it. */
export function pullsOf({ syncToken }: CallbackRecord): readonly CallRecord[] {
  return view.value?.calls.filter(({ request }) => request.includes(syncToken)) ?? [];
}

export function callbackOfCall({ api, request }: CallRecord): CallbackRecord | undefined {
  if (api !== 'kf/sync_msg') return undefined;
  return view.value?.callbacks.find(({ syncToken }) => request.includes(syncToken));
}
