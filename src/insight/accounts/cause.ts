/** What keeps customers from being answered, or may; of equal severity the worst first. */
export const CAUSES = [
  /** This replica takes no callbacks. */
  'not_ready',
  'store_down',
  /** The disk of `DATA_DIR` has less than 16 MB: bots that take messages get none. */
  'disk_full',
  /** It has less than 256 MB: no messages are pulled. */
  'disk_low',
  /** Callbacks of the last minute that were neither delivered nor kept. */
  'not_taken',
  /** Bots and apps whose access token, or corpSecret, WeCom refuses. */
  'token_refused',
  /** Corps whose calls, or requests for a token, WeCom does not answer, or does not allow. */
  'wecom_fails',
  /** Over a fifth of the calls of the last minute had no answer from WeCom. */
  'calls_unanswered',
  /** Corps whose callbacks do not arrive: customers' messages were found without them, or none came where many used to. */
  'callbacks_missing',
  /** Accounts whose latest replies failed, through all replicas. */
  'replies_fail',
  /** Accounts whose bots took something, and no reply followed. */
  'silent',
  /** Agents whose service gives no answers: it refuses the key, its quota is used up, or it is too slow. */
  'agent_fails',
  'dead',
  'dead_messages',
  /** Customers of the last hour who got no word at all for ten times `REPLY_WITHIN_S`, while others of their account are answered. */
  'customers_unanswered',
  /** Customers who wait for a person for longer than `PEOPLE_WAIT_ALARM_S`: in the pool, or with one who has not written yet. */
  'people_wait',
  /** Calls of a bot that name no account: WeCom refuses them. */
  'bot_calls_fail',
  /** For over 10 s; bad from `REPLY_WITHIN_S` on, as are waiting messages. */
  'waiting',
  /** For over 10 s. */
  'waiting_messages',
  /** No bot has registered for them. */
  'parked',
  /** Something waits for a bot that an operator has paused. */
  'paused',
  /** Accounts that WeCom does not have, as it told any replica. */
  'no_account',
  /** Refused callbacks of the last minute. */
  'refused',
  /** Addresses that get nothing but probes. */
  'circuits',
  /** A replica has not written to the store for 2 minutes, and has not said that it stops. */
  'replica_away',
  'unreadable',
  /** The store does not tell what waits. */
  'unknown',
] as const;

export type CauseCode = (typeof CAUSES)[number];

/** One cause. What each field says is told in `CauseAnswer`, which has the time as ISO 8601. */
export interface Cause {
  /** Tells the cause from others for as long as it lasts, also over restarts. */
  readonly key: string;
  readonly code: CauseCode;
  readonly severity: 'bad' | 'wait';
  /** 1 where nothing is counted. */
  readonly count: number;
  /** Store time; `null` where that is not known. */
  readonly sinceMs: number | null;
  readonly why: string | null;
  readonly status: number | null;
  /** Host and port, or only the host if several of its ports are meant. */
  readonly address: string | null;
  readonly port: number | null;
  readonly unlistedAddress: string | null;
  readonly lateMin: number | null;
  readonly botId: string | null;
  readonly botName: string | null;
  readonly replica: string | null;
  readonly corpId: string | null;
  readonly corpName: string | null;
  readonly openKfId: string | null;
  readonly name: string | null;
  /** How many it concerns. */
  readonly accounts: number;
  /** Of at most three of them. */
  readonly accountNames: readonly string[];
}

/** How bad each of them is where it is so. */
const SEVERITY: Readonly<Record<CauseCode, Cause['severity']>> = {
  not_ready: 'bad',
  store_down: 'bad',
  disk_full: 'bad',
  disk_low: 'bad',
  not_taken: 'bad',
  token_refused: 'bad',
  wecom_fails: 'bad',
  calls_unanswered: 'bad',
  callbacks_missing: 'bad',
  replies_fail: 'bad',
  silent: 'bad',
  agent_fails: 'bad',
  bot_calls_fail: 'wait',
  dead: 'bad',
  dead_messages: 'bad',
  customers_unanswered: 'wait',
  people_wait: 'wait',
  waiting: 'wait',
  waiting_messages: 'wait',
  parked: 'wait',
  paused: 'wait',
  no_account: 'wait',
  refused: 'wait',
  circuits: 'wait',
  replica_away: 'wait',
  unreadable: 'wait',
  unknown: 'wait',
};

/** Of what waits or is dead: known by where it goes, whatever the reason. */
const OF_PLACES: ReadonlySet<CauseCode> = new Set(['waiting', 'parked', 'dead', 'circuits']);

/** @param known - `key` where the others do not tell the cause from others for as long as it lasts. */
export function newCause(
  code: CauseCode,
  count: number,
  known: Partial<Omit<Cause, 'code' | 'count'>> = {},
): Cause {
  const cause = {
    code,
    count,
    severity: SEVERITY[code],
    sinceMs: null,
    why: null,
    status: null,
    address: null,
    port: null,
    unlistedAddress: null,
    lateMin: null,
    botId: null,
    botName: null,
    replica: null,
    corpId: null,
    corpName: null,
    openKfId: null,
    name: null,
    accounts: 0,
    accountNames: [],
    ...known,
  };
  return { ...cause, key: known.key ?? keyOf(cause) };
}

/** That an address fails and that something waits for it is one trouble. */
function keyOf({ code, address, botId, replica, corpId, why }: Omit<Cause, 'key'>): string {
  if (OF_PLACES.has(code))
    return `${code === 'circuits' ? 'waiting' : code} ${address ?? botId ?? corpId ?? ''}`;
  return [code, botId ?? replica ?? corpId, why].filter((part) => part !== null).join(' ');
}
