import { CAUSE_TABLE, type CauseCode } from './cause-table.js';

/** What keeps customers from being answered, or may. What each field says is told in `CauseAnswer`, which has the time as ISO 8601. */
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

/** @param known - `key` where the others do not tell the cause from others for as long as it lasts. */
export function newCause(
  code: CauseCode,
  count: number,
  known: Partial<Omit<Cause, 'code' | 'count'>> = {},
): Cause {
  const cause = {
    code,
    count,
    severity: CAUSE_TABLE[code].severity,
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
  if (CAUSE_TABLE[code].isOfPlace)
    return `${code === 'circuits' ? 'waiting' : code} ${address ?? botId ?? corpId ?? ''}`;
  return [code, botId ?? replica ?? corpId, why].filter((part) => part !== null).join(' ');
}
