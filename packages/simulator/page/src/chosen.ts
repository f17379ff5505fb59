/** Which account and customer the page shows. */
import { computed, signal } from '@preact/signals';
import type { ConversationView } from '../../control/view.js';
import { view } from './server.js';

const accountId = signal(new URLSearchParams(location.search).get('openKfId') ?? '');
const customerId = signal('');

/** The address may name one that is not there. */
const account = computed(() => {
  const accounts = view.value?.accounts ?? [];
  return accounts.find(({ openKfId }) => openKfId === accountId.value) ?? accounts[0];
});

export const chosen = computed(() => ({
  openKfId: account.value?.openKfId ?? '',
  externalUserId: customerId.value || (view.value?.customers[0]?.externalUserId ?? ''),
}));

export function chooseAccount(openKfId: string): void {
  accountId.value = openKfId;
}

export function chooseCustomer(externalUserId: string): void {
  customerId.value = externalUserId;
}

export const conversation = computed<ConversationView | null>(() => {
  const { openKfId, externalUserId } = chosen.value;
  const isIt = (one: ConversationView) => one.openKfId === openKfId && one.externalUserId === externalUserId;
  return view.value?.conversations.find(isIt) ?? null;
});

export const messages = computed(() => {
  const { openKfId, externalUserId } = chosen.value;
  const all = view.value?.messages ?? [];
  return all.filter((one) => one.openKfId === openKfId && one.externalUserId === externalUserId);
});
