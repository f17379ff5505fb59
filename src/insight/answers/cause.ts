import type { CauseAnswer } from './cause.dto.js';

export type Cause = Readonly<CauseAnswer>;
export type CauseCode = Cause['code'];

/** How bad each of them is where it is so. */
const SEVERITY: Readonly<Record<CauseCode, Cause['severity']>> = {
  not_ready: 'bad',
  store_down: 'bad',
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
  known: Partial<Omit<CauseAnswer, 'code' | 'count'>> = {},
): CauseAnswer {
  const cause = {
    code,
    count,
    severity: SEVERITY[code],
    since: null,
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
