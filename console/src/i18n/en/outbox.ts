import { plural } from './plural.js';

export const outbox = {
  title: 'Outbox',
  intro: 'What came in and no bot has taken yet: one entry per account, its newest event.',
  waiting: 'Waiting',
  dead: 'Dead',
  lists: 'Waiting or dead',
  states: { waiting: 'Waiting', parked: 'No puppet', dead: 'Dead' },
  state: 'State',
  account: 'Account',
  age: 'Age',
  attempts: (count: number) => plural(count, 'attempt'),
  due: 'Next try',
  dueNow: 'due now',
  dueWhenRegistered: 'when a puppet registers',
  dueNever: 'when you send it again',
  why: 'Why',
  actions: 'Actions',
  waitingTable: 'What waits for a puppet to take it',
  deadTable: 'What is tried no more',
  replay: 'Send now',
  replayOf: (name: string) => `Send now: ${name}`,
  replayDead: 'Send again',
  replayDeadOf: (name: string) => `Send again: ${name}`,
  replayed: (name: string) => `What waits for ${name} is being sent.`,
  replayAll: 'Send all dead again',
  replayAllAsk: 'Send everything that is dead again?',
  replayAllWhat:
    'Each is sent to its puppet as soon as possible; events older than 10 minutes go out at 6 per minute for each corp, so many of them take a while. What still cannot be delivered goes through its retries once more.',
  replayAllRun: 'Send all',
  replayedAll: (count: number) =>
    `${plural(count, 'account’s event is', 'accounts’ events are')} being sent again.`,
  replayedNone:
    'None was sent again: what is dead has no bot that it may be sent to. Each row says why. Register one at an address that is allowed, or give the account to a bot.',
  drop: 'Drop',
  dropOf: (name: string) => `Drop: ${name}`,
  dropAsk: (name: string) => `Drop what waits for ${name}?`,
  dropWhat: (openKfId: string, arrived: string) =>
    `The event of ${arrived} for ${openKfId} is lost for good. Its puppet is not told that customers wrote; it notices only at the next message, or when it pulls by itself.`,
  dropGone:
    'It is here no more: it was delivered meanwhile, dropped, or given up. Close this and look at what is there now.',
  dropRun: 'Drop it',
  dropped: (name: string) => `What waited for ${name} is dropped.`,
  nothingWaits: 'Nothing waits',
  nothingWaitsText: 'Everything that came in was delivered.',
  nothingDead: 'Nothing is dead',
  nothingDeadText:
    'Nothing was given up. An event is given up when its address cannot be used at all, or after 3 days.',
};
