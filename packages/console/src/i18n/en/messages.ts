import { plural } from '../../../../../src/insight/words/en/plural.js';

export const messages = {
  ofAccount: 'Messages that wait or are dead',
  ofAccountText: 'What they say is never shown.',
  waitingTable: 'Messages that wait for their bots',
  deadTable: 'Messages that are tried no more',
  bothTable: 'Messages that wait or are dead',
  type: 'Type',
  sent: 'Sent',
  origins: (origin: number): string =>
    origin === 3
      ? 'of a customer'
      : origin === 4
        ? 'an event'
        : origin === 5
          ? 'of a person who serves'
          : 'other',
  noType: 'without a type',
  attempts: (attempts: number, refusals: number) =>
    `${plural(attempts, 'attempt')}, ${plural(refusals, 'refusal')}`,
  nameOf: (type: string, account: string) => `${type || 'message'} for ${account}`,
  replayed: (name: string) => `What waits with it is being sent, in its order: ${name}.`,
  replayAllAsk: (count: number, isWhole: boolean) =>
    `Send ${isWhole ? '' : 'more than '}${plural(count, 'dead message')} again?`,
  replayAllWhat:
    'Each is due at once, before what came later for its account. What a bot still refuses goes through its tries once more. Those that nobody takes now stay dead.',
  replayedAll: (count: number) => `${plural(count, 'message is', 'messages are')} being sent again.`,
  replayedNone:
    'None was sent again: nobody takes messages for these accounts now. Give the accounts to a bot that takes messages.',
  dropAsk: (name: string) => `Drop ${name}?`,
  dropWhat: (openKfId: string, sent: string) =>
    `The message of ${sent} for ${openKfId} is lost for good: what it says is deleted, and WeCom is not asked for it again. Those behind it go on.`,
  dropGone:
    'It is here no more: it was taken meanwhile, or dropped. Close this and look at what is there now.',
  dropped: (name: string) => `Dropped: ${name}.`,
  nothingWaits: 'No message waits',
  nothingWaitsText: 'Every message that was pulled was taken by its bot.',
  nothingDead: 'No message is dead',
  nothingDeadText:
    'No message was given up. A message is given up when its bot refuses all attempts, when it is too long, or after 3 days.',
};
