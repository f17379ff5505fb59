import type { CauseCode } from '../../accounts/cause-table.js';
import { plural } from './plural.js';

interface CauseText {
  /** In a few words, without who it is about. */
  readonly what: string;
  /** What to do, where the reason says nothing better. */
  readonly remedy: string;
  readonly amount: (count: number) => string;
}

const accounts = (count: number) => plural(count, 'account');
const events = (count: number) => plural(count, 'event');
const messages = (count: number) => plural(count, 'message');
const callbacks = (count: number) => `${count.toLocaleString('en')}/min`;
const calls = (count: number) => plural(count, 'call');
const none = () => '';

const byCode: Readonly<Record<CauseCode, CauseText>> = {
  not_ready: {
    what: 'takes no callbacks',
    remedy: 'It has not loaded its registry yet, or it is shutting down.',
    amount: none,
  },
  store_down: {
    what: 'does not answer',
    remedy:
      'Look after the database or the disk first. Bots that answer are still served. An event that a bot does not take now is refused, and WeCom sends it again only a few times.',
    amount: none,
  },
  disk_full: {
    what: 'is full: less than 16 MB free',
    remedy:
      'Free space: the manager goes on by itself. Until then, bots that take messages get none. WeCom keeps messages for 3 days.',
    amount: none,
  },
  disk_low: {
    what: 'is nearly full: less than 256 MB free',
    remedy:
      'Free space: the manager goes on by itself. Until then, no messages are pulled. WeCom keeps them for 3 days.',
    amount: none,
  },
  not_taken: {
    what: 'callbacks were neither delivered nor kept',
    remedy:
      'Usually the store is slow or away, or more comes in than this replica can handle. The manager’s log says which. WeCom was answered with a 5xx and sends such a callback again only a few times.',
    amount: callbacks,
  },
  wecom_fails: {
    what: 'WeCom refuses calls',
    remedy: 'Events still reach the bots, and bots can neither read nor answer.',
    amount: (count) => plural(count, 'corp'),
  },
  calls_unanswered: {
    what: 'calls get no answer',
    remedy:
      'Over a fifth of the calls of the last minute got no answer. Check DNS, egress rules, HTTPS_PROXY and WECOM_API_URL.',
    amount: calls,
  },
  callbacks_missing: {
    what: 'WeCom’s callbacks do not arrive',
    remedy:
      'Look at the certificate, the domain, nginx and the callback URL in WeCom. What WeCom sees: npx wxkf-manager check --callback-url https://<your domain>',
    amount: none,
  },
  replies_fail: {
    what: 'replies do not go out',
    remedy: 'Replies of the bot do not reach customers.',
    amount: accounts,
  },
  silent: {
    what: 'takes messages and does not reply',
    remedy:
      'Its bot takes what customers write, and no reply follows in time. Look at the bot’s own log: its model may be away or out of quota, or it may ignore this account.',
    amount: accounts,
  },
  customers_unanswered: {
    what: 'some customers get no answer',
    remedy:
      'They wrote within the last hour and got no word, while others are answered. Look at the bot’s own log: it may fail on what these customers write, or leave out those who came last.',
    amount: (count) => plural(count, 'customer'),
  },
  token_refused: {
    what: 'WeCom refuses its Secret',
    remedy: 'Copy the app’s Secret from WeCom’s admin page into the bot, and restart the bot.',
    amount: none,
  },
  agent_fails: {
    what: 'gets no answers from its service',
    remedy: 'Customers of this agent wait. Look at its service: its key, its quota, and how long it takes.',
    amount: none,
  },
  bot_calls_fail: {
    what: 'WeCom refuses its calls',
    remedy: 'The calls name no account. The page of WeCom errors lists them.',
    amount: calls,
  },
  paused: {
    what: 'is paused',
    remedy: 'Nothing is sent to it, and everything waits. Resume it, and what waits goes out.',
    amount: events,
  },
  dead: {
    what: 'has dead events',
    remedy:
      'They are tried no more until you send them again, the puppet registers anew, or the customer writes again.',
    amount: accounts,
  },
  dead_messages: {
    what: 'has dead messages',
    remedy:
      'The bot refused all attempts, or they are too long. They are tried no more until you send them again, and are gone after 3 days.',
    amount: messages,
  },
  waiting: {
    what: 'does not take its events',
    remedy: 'Each is tried again by itself, and at once when its bot is back.',
    amount: accounts,
  },
  waiting_messages: {
    what: 'does not take its messages',
    remedy: 'They are tried again by themselves, each account’s in their order.',
    amount: messages,
  },
  people_wait: {
    what: 'customers wait for a person',
    remedy:
      'Somebody has to take them out of the pool in WeCom, or write to them where a person has them already. The bot is silent meanwhile.',
    amount: (count) => plural(count, 'customer'),
  },
  parked: {
    what: 'customers wrote, and no bot takes it',
    remedy:
      'Add a bot for the account, or start a puppet with its id that points to this manager. What waits goes out then.',
    amount: accounts,
  },
  no_account: {
    what: 'is unknown to WeCom',
    remedy: 'Customers cannot write there, and nothing that a bot answers goes out.',
    amount: accounts,
  },
  refused: {
    what: 'a callback was refused',
    remedy:
      'They were not WeCom’s, or they are signed with another token and key than are known here. The log lists them with the reason.',
    amount: callbacks,
  },
  circuits: {
    what: 'cannot be reached',
    remedy:
      'Is the bot running? Is its address right as seen from the manager’s host: name, port, firewall, container network?',
    amount: (count) => plural(count, 'address', 'addresses'),
  },
  replica_away: {
    what: 'is away: it has written nothing for over 2 minutes',
    remedy:
      'It did not say that it stops, so it was killed, its host is down, or it does not reach the database. The other replicas serve customers. Look at its host and its log, and start it again. If you removed it, do nothing: 15 minutes after its last write this is over.',
    amount: none,
  },
  unreadable: {
    what: 'some records cannot be read',
    remedy: 'Usually the key that sealed them is missing from SECRETS_KEY.',
    amount: (count) => plural(count, 'record'),
  },
  unknown: {
    what: 'has not told yet what waits',
    remedy: 'Callbacks are taken meanwhile.',
    amount: none,
  },
};

export const causes = {
  byCode,
  wecomUnreachable: 'WeCom does not answer',
  wecomStatus: 'WeCom answers with HTTP errors',
  late: (minutes: number) => `messages come up to ${minutes.toLocaleString('en')} min late`,
  silent: 'none for hours in which many used to come',
  unlisted: (address: string) => `WeCom does not list ${address}`,
  replica: 'This replica',
  store: 'The store',
  disk: 'The disk of DATA_DIR',
  wecom: 'WeCom',
  outbox: 'The queue',
  /** A few names of so many. */
  several: (names: readonly string[], count: number) =>
    names.join(', ') + (count > names.length ? ` +${(count - names.length).toLocaleString('en')}` : ''),
  what: (what: string, detail: string | null) => (detail === null ? what : `${what}: ${detail}`),
  title: (subject: string, what: string) => `${subject}: ${what}`,
  httpError: (status: number) => `The bot answered with HTTP error ${status}`,
};
