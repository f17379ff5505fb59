/** Replies in conversations that the page does not show: the list of customers marks them. */
import { effect, signal } from '@preact/signals';
import type { ChatMessage } from '../../corp/chat.js';
import { chosen } from './chosen.js';
import { view } from './server.js';

const REPLIES: readonly ChatMessage['from'][] = ['bot', 'servicer'];

const unread = signal<readonly ChatMessage[]>([]);
/** What was there before; `null` until the page knows: what was said before it came counts as read. */
let known: ReadonlySet<string> | null = null;

effect(() => {
  const { openKfId, externalUserId } = chosen.value;
  const messages = view.value?.messages;
  if (messages === undefined) return;
  const before = known ?? new Set(messages.map(({ msgid }) => msgid));
  const fresh = messages.filter(({ msgid, from }) => !before.has(msgid) && REPLIES.includes(from));
  known = new Set(messages.map(({ msgid }) => msgid));
  unread.value = [...unread.peek(), ...fresh].filter(
    (one) => one.openKfId !== openKfId || one.externalUserId !== externalUserId,
  );
});

export function unreadOf(customer: string, account: string): number {
  return unread.value.filter((one) => one.externalUserId === customer && one.openKfId === account).length;
}

/** Of all customers. */
export function unreadAt(account: string): number {
  return unread.value.filter((one) => one.openKfId === account).length;
}
