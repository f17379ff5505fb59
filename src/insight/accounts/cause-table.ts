/** All that is so of each cause, whoever has it. The console reads it, too: words are beside it, in `src/insight/words`. */
import type { Subject } from '../../log/outcome.js';
import type { AccountState } from './account-states.js';

interface CauseRow {
  /** How bad it is where it is so; a single cause may say otherwise. */
  readonly severity: 'bad' | 'wait';
  /** The state of an account that has it. Left out: it says nothing of the account. */
  readonly account?: AccountState;
  /** Whom it is about. Left out: whom its names say, else the queue. */
  readonly subject?: 'replica' | 'store' | 'disk' | 'corp';
  /** It is known by where something goes, whatever the reason. That an address fails and that something waits for it is one trouble. */
  readonly isOfPlace?: true;
  /** Equal ones of a bot, or else of a corp, are one. `contents`: it counts messages or customers, and not accounts. */
  readonly sums?: 'accounts' | 'contents';
  /** Its `why` is what WeCom, or nobody, said to a call. */
  readonly isOfCalls?: true;
  /** It is shown where the apps of its corp are. */
  readonly isOfApp?: true;
  /**
   * How it is known to be over. `unseen`: each look sees it as it is. `reply`: a reply went out. Subjects: a call went well. Left out:
   * something was taken at its place.
   */
  readonly over?: 'unseen' | 'reply' | readonly Subject[];
  /** While it is there the store does not tell what waits, so that others may hide. */
  readonly isBlind?: true;
  /** It is one of events that wait, whose groups the store tells. */
  readonly isOfEvents?: true;
  /** The console's page that mends it. `none`: none does. Left out: the page of its bot, else of its account. */
  readonly page?: 'none' | 'account' | 'errors' | 'apps' | 'addBot' | 'refused' | 'dead' | 'deadMessages';
  /** The page that lists what is wrong where neither bot nor account is known. Left out: accounts. */
  readonly list?: 'errors' | 'waiting' | 'waitingMessages';
  /** What a bot of which it is the worst does. Left out: it takes everything and does not answer. */
  readonly bot?: 'refused' | 'replies' | 'untaken';
  /** The page of the documents that helps, with its heading. */
  readonly help: string;
}

const STATES = 'console.md#whether-customers-get-answers';
const FAULTS = 'operate.md#when-something-breaks';

/** Of equal severity the worst first. */
const TABLE = {
  /** This replica takes no callbacks. */
  not_ready: { severity: 'bad', subject: 'replica', over: 'unseen', page: 'none', help: FAULTS },
  store_down: {
    severity: 'bad',
    account: 'failing',
    subject: 'store',
    over: 'unseen',
    isBlind: true,
    page: 'none',
    help: FAULTS,
  },
  /** The disk of `DATA_DIR` has less than 16 MB: bots that take messages get none. */
  disk_full: {
    severity: 'bad',
    account: 'failing',
    subject: 'disk',
    over: 'unseen',
    isBlind: true,
    page: 'none',
    help: FAULTS,
  },
  /** It has less than 256 MB: no messages are pulled. */
  disk_low: {
    severity: 'bad',
    account: 'failing',
    subject: 'disk',
    over: 'unseen',
    page: 'none',
    help: FAULTS,
  },
  /** Callbacks of the last minute that were neither delivered nor kept. */
  not_taken: { severity: 'bad', subject: 'replica', over: 'unseen', page: 'none', help: FAULTS },
  /** Bots and apps whose access token, or corpSecret, WeCom refuses. */
  token_refused: {
    severity: 'bad',
    account: 'failing',
    isOfCalls: true,
    over: ['token'],
    bot: 'refused',
    help: STATES,
  },
  /** Corps whose calls, or requests for a token, WeCom does not answer, or does not allow. */
  wecom_fails: {
    severity: 'bad',
    account: 'failing',
    subject: 'corp',
    isOfCalls: true,
    isOfApp: true,
    over: ['gettoken', 'call'],
    page: 'errors',
    bot: 'refused',
    help: FAULTS,
  },
  /** Over a fifth of the calls of the last minute had no answer from WeCom. */
  calls_unanswered: { severity: 'bad', subject: 'corp', over: 'unseen', page: 'errors', help: FAULTS },
  /** Corps whose callbacks do not arrive: customers' messages were found without them, or none came where many used to. */
  callbacks_missing: { severity: 'bad', subject: 'corp', isOfApp: true, page: 'apps', help: STATES },
  /** Accounts whose latest replies failed, through all replicas. */
  replies_fail: {
    severity: 'bad',
    account: 'failing',
    sums: 'accounts',
    isOfCalls: true,
    over: 'reply',
    bot: 'replies',
    help: STATES,
  },
  /** Accounts whose bots took something, and no reply followed. */
  silent: { severity: 'bad', account: 'silent', sums: 'accounts', over: 'reply', help: STATES },
  /** Agents whose service gives no answers: it refuses the key, its quota is used up, or it is too slow. */
  agent_fails: {
    severity: 'bad',
    account: 'failing',
    sums: 'accounts',
    help: 'agents.md#when-the-service-fails',
  },
  dead: {
    severity: 'bad',
    account: 'failing',
    isOfPlace: true,
    isOfEvents: true,
    page: 'dead',
    bot: 'untaken',
    help: STATES,
  },
  dead_messages: {
    severity: 'bad',
    account: 'failing',
    sums: 'contents',
    page: 'deadMessages',
    bot: 'untaken',
    help: STATES,
  },
  /** Customers of the last hour who got no word at all for ten times `REPLY_WITHIN_S`, while others of their account are answered. */
  customers_unanswered: {
    severity: 'wait',
    account: 'silent',
    sums: 'contents',
    over: 'reply',
    page: 'account',
    help: STATES,
  },
  /** Customers who wait for a person for longer than `PEOPLE_WAIT_ALARM_S`: in the pool, or with one who has not written yet. */
  people_wait: {
    severity: 'wait',
    sums: 'contents',
    over: 'unseen',
    page: 'account',
    help: 'sessions.md#what-operators-see',
  },
  /** Calls of a bot that name no account: WeCom refuses them. */
  bot_calls_fail: {
    severity: 'wait',
    account: 'failing',
    isOfCalls: true,
    over: ['api'],
    list: 'errors',
    bot: 'refused',
    help: STATES,
  },
  /** For over 10 s; bad from `REPLY_WITHIN_S` on, as are waiting messages. */
  waiting: {
    severity: 'wait',
    account: 'waiting',
    isOfPlace: true,
    isOfEvents: true,
    list: 'waiting',
    bot: 'untaken',
    help: STATES,
  },
  /** For over 10 s. */
  waiting_messages: {
    severity: 'wait',
    account: 'waiting',
    sums: 'contents',
    list: 'waitingMessages',
    bot: 'untaken',
    help: STATES,
  },
  /** No bot has registered for them. */
  parked: {
    severity: 'wait',
    account: 'unserved',
    isOfPlace: true,
    isOfEvents: true,
    page: 'addBot',
    help: STATES,
  },
  /** Something waits for a bot that an operator has paused. */
  paused: { severity: 'wait', account: 'paused', sums: 'contents', help: STATES },
  /** Accounts that WeCom does not have, as it told any replica. */
  no_account: {
    severity: 'wait',
    account: 'failing',
    sums: 'accounts',
    isOfCalls: true,
    over: 'reply',
    bot: 'replies',
    help: STATES,
  },
  /** Refused callbacks of the last minute. */
  refused: { severity: 'wait', isOfApp: true, over: 'unseen', page: 'refused', help: STATES },
  /** Addresses that get nothing but probes. */
  circuits: { severity: 'wait', account: 'waiting', isOfPlace: true, bot: 'untaken', help: STATES },
  /** A replica has not written to the store for 2 minutes, and has not said that it stops. */
  replica_away: { severity: 'wait', subject: 'replica', page: 'none', help: STATES },
  unreadable: { severity: 'wait', over: 'unseen', page: 'none', help: FAULTS },
  /** The store does not tell what waits. */
  unknown: { severity: 'wait', subject: 'store', over: 'unseen', isBlind: true, page: 'none', help: FAULTS },
} as const satisfies Readonly<Record<string, CauseRow>>;

export type CauseCode = keyof typeof TABLE;

export const CAUSE_TABLE: Readonly<Record<CauseCode, CauseRow>> = TABLE;

/** Of equal severity the worst first. */
export const CAUSES = Object.keys(TABLE) as readonly CauseCode[];
