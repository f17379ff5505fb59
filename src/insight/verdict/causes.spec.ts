import type { RefusalGroup } from '../../log/refused-callbacks.js';
import { describe, expect, it } from '@jest/globals';
import type { WecomOutcome } from '../../log/outcome.js';
import type { Reason } from '../accounts/account-state.js';
import type { AccountView } from '../accounts/account-views.js';
import type { ProcessStatus } from './status.js';
import { CAUSES } from '../accounts/cause-table.js';
import { causesOf, type Troubles } from './causes.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { HintGroup } from '../../queue/event.js';

type Changes = {
  readonly [Part in 'hints' | 'messages' | 'lastMinute' | 'storage']?: Partial<ProcessStatus[Part]> | null;
} & Partial<Pick<ProcessStatus, 'isReady'>>;

const NOW_MS = Date.UTC(2026, 0, 1, 6, 56);
const NO_MESSAGES = { waiting: 0, dead: 0, oldestWaitingAtMs: null };
const NO_HINTS = { ...NO_MESSAGES, parked: 0, paused: 0, unreadable: 0, oldestParkedAtMs: null };
const MINUTE = {
  callbacks: 5,
  delivered: 5,
  deliveredLater: 0,
  kept: 0,
  refused: 0,
  notTaken: 0,
  buried: 0,
  failedAttempts: 0,
};

function status({ hints, messages, lastMinute, storage, isReady = true }: Changes = {}): ProcessStatus {
  return {
    atMs: NOW_MS,
    isReady,
    storage: { kind: 'embedded', isUp: true, room: 'enough', sinceMs: null, ...storage },
    ...{ accounts: 2, online: 2, openCircuits: 0, customers: null },
    unknownAccounts: { count: 0, examples: [] },
    hints: hints === null ? null : { ...NO_HINTS, ...hints },
    messages: messages === null ? null : { ...NO_MESSAGES, ...messages },
    lastMinute: { ...MINUTE, tokenRequests: 0, proxyCalls: 0, unansweredCalls: 0, ...lastMinute },
  };
}

function failing(changes: Partial<WecomOutcome> = {}): WecomOutcome {
  return {
    ...{ subject: 'call', corpId: 'ww1', botId: null, openKfId: null, api: '' },
    ...{ okAtMs: 0, failures: 3, sinceMs: 0, atMs: 0, why: '60020' },
    ...changes,
  };
}

function view(
  openKfId: string,
  reason: Partial<Reason> & Pick<Reason, 'code'>,
  { corpId = 'ww1', botId = null }: { corpId?: string; botId?: string | null } = {},
): AccountView {
  const told = { why: null, status: null, sinceMs: NOW_MS, count: 1, ...reason };
  const bot = botId === null ? null : { id: botId };
  return { corpId, openKfId, bot, judged: { reasons: [told] } } as unknown as AccountView;
}

const NO_TROUBLES: Troubles = {
  ...{
    views: [],
    callers: [],
    hints: null,
    openCircuits: [],
    missingCallbacks: [],
    replyWithinMs: 60_000,
  },
  ...{ refusals: null, isKnownCorp: () => true, awayReplicas: [] },
};
const causes = (of: ProcessStatus, troubles: Partial<Troubles> = {}) =>
  causesOf(of, { ...NO_TROUBLES, ...troubles }).causes;
const codes = (changes: Changes, troubles: Partial<Troubles> = {}) =>
  causes(status(changes), troubles).map(({ code }) => code);

function waiting(n: number, endpoint: string | null, changes: Partial<HintGroup> = {}): HintGroup {
  const account = { corpId: 'ww1', openKfId: `wk${n}`, accounts: 1 };
  const at = { endpoint, stage: 'connect' as const, answered: null, sinceMs: NOW_MS - n * 1_000 };
  return { state: 'waiting', ...account, ...at, ...changes };
}

describe('the causes', () => {
  it('are none while everything goes well', () => {
    expect(codes({})).toEqual([]);
  });

  it('are all that is wrong, the worst first', () => {
    const oldest = { oldestWaitingAtMs: NOW_MS - 60_000, oldestParkedAtMs: NOW_MS - 60_000 };
    const all = causes(
      status({
        hints: { waiting: 1, parked: 1, dead: 1, unreadable: 1, ...oldest },
        messages: { waiting: 1, dead: 1, oldestWaitingAtMs: NOW_MS - 60_000 },
        lastMinute: { refused: 1, notTaken: 1 },
        storage: { isUp: false },
        isReady: false,
      }),
      {
        callers: [
          failing(),
          failing({ subject: 'token', botId: 'b1', why: '40001' }),
          failing({ subject: 'api', botId: 'b2', why: '95017' }),
        ],
        views: [
          view('wk1', { code: 'replies_fail', why: '95017' }),
          view('wk2', { code: 'no_account', why: '95004' }),
          view('wk8', { code: 'agent_fails', why: 'quota' }, { botId: 'b3' }),
          view('wk3', { code: 'silent' }),
          view('wk9', { code: 'customers_unanswered' }),
          view('wk4', { code: 'dead_messages' }),
          view('wk5', { code: 'waiting_messages' }),
          view('wk6', { code: 'paused' }),
          view('wk7', { code: 'people_wait' }),
        ],
        openCircuits: ['http://a:1'],
        awayReplicas: [{ replica: 'host-0a1b2c', sinceMs: NOW_MS }],
        missingCallbacks: [{ corpId: 'ww1', botId: null, why: 'untold', sinceMs: NOW_MS, lateMs: 300_000 }],
      },
    ).map(({ code }) => code);
    const others = new Set<string>(['calls_unanswered', 'disk_full', 'disk_low', 'unknown']);
    expect(all).toEqual(CAUSES.filter((code) => !others.has(code)));
  });

  it('take what the store does not tell for unknown, and not for nothing', () => {
    expect(codes({ hints: null, storage: { isUp: false } })).toEqual(['store_down']);
    expect(codes({ hints: null })).toEqual(['unknown']);
    expect(codes({ messages: null })).toEqual(['unknown']);
  });

  it('name the disk in place of what follows from it, which is bad where messages are pulled', () => {
    const full = { isUp: false, room: 'full', sinceMs: NOW_MS } as const;
    expect(causes(status({ storage: full }))).toMatchObject([{ code: 'disk_full', sinceMs: NOW_MS }]);
    const low = status({ storage: { room: 'low', sinceMs: NOW_MS } });
    const hints = [waiting(1, 'wecom://kf/sync_msg#b1', { stage: 'store' })];
    expect(causes(low, { hints })).toMatchObject([{ code: 'disk_low', severity: 'wait' }]);
    const views = [{ ...view('wk1', { code: 'disk_low' }), bot: { id: 'b1', takes: 'message' } as KnownBot }];
    expect(causes(low, { hints, views })).toMatchObject([{ code: 'disk_low', severity: 'bad' }]);
  });

  it('do not have what is only on its way', () => {
    const since = (atMs: number) => ({
      hints: { waiting: 1, parked: 1, oldestWaitingAtMs: atMs, oldestParkedAtMs: atMs },
      messages: { waiting: 3, oldestWaitingAtMs: atMs },
    });
    expect(codes(since(NOW_MS - 10_000))).toEqual([]);
    expect(codes(since(NOW_MS - 10_001))).toEqual(['waiting', 'parked']);
  });

  it('have what waits since a time ahead, as after the clock was set back', () => {
    const since = (oldestWaitingAtMs: number) => status({ hints: { waiting: 1, oldestWaitingAtMs } });
    expect(codes(since(NOW_MS + 10_000))).toEqual([]);
    expect(codes(since(NOW_MS + 10_001))).toEqual(['waiting']);
  });

  it('say since when customers wait', () => {
    const sinceMs = NOW_MS - 780_000;
    const of = status({ hints: { waiting: 1, oldestWaitingAtMs: sinceMs } });
    expect(causes(of)).toMatchObject([{ code: 'waiting', sinceMs }]);
  });

  it('have calls without an answer when they are over a fifth', () => {
    expect(codes({ lastMinute: { proxyCalls: 50, unansweredCalls: 10 } })).toEqual([]);
    expect(codes({ lastMinute: { proxyCalls: 49, unansweredCalls: 10 } })).toEqual(['calls_unanswered']);
    expect(codes({ lastMinute: { proxyCalls: 9, unansweredCalls: 9 } })).toEqual([]);
  });

  it('have one line for all corps that WeCom does not answer, and one for each corp that it refuses', () => {
    const away = { why: 'unreachable' };
    const callers = [
      failing({ sinceMs: 2_000 }),
      failing({ sinceMs: 1_000, botId: 'b1' }),
      failing({ corpId: 'ww2', sinceMs: 3_000, botId: 'b2' }),
      failing({ ...away, subject: 'gettoken', sinceMs: 500 }),
      failing({ ...away, corpId: 'ww2', sinceMs: 900 }),
    ];
    const code = 'wecom_fails';
    expect(causes(status(), { callers })).toMatchObject([
      { code, why: 'unreachable', count: 2, corpId: null, sinceMs: 500 },
      { code, why: '60020', count: 1, corpId: 'ww1', botId: null, sinceMs: 1_000 },
      { code, why: '60020', count: 1, corpId: 'ww2', botId: 'b2', sinceMs: 3_000 },
    ]);
  });

  it('name the address that WeCom does not list, of several the one that it refused last', () => {
    const refused = (botId: string, atMs: number, unlistedAddress: string) =>
      failing({ botId, atMs, unlistedAddress });
    const callers = [refused('b1', 2, '203.0.113.8'), refused('b2', 1, '203.0.113.7')];
    const views = [view('wk1', { code: 'replies_fail', why: '60020', unlistedAddress: '203.0.113.8' })];
    expect(causes(status(), { callers, views })).toMatchObject([
      { code: 'wecom_fails', why: '60020', unlistedAddress: '203.0.113.8' },
      { code: 'replies_fail', why: '60020', unlistedAddress: '203.0.113.8' },
    ]);
  });

  it('name the bot whose token is refused, and the bot whose calls are', () => {
    const callers = [
      failing({ subject: 'token', botId: 'b1', why: '40001' }),
      failing({ subject: 'token', corpId: 'ww2', why: '40014' }),
      failing({ subject: 'api', botId: 'b2', why: '95017', api: 'kf/account/list' }),
      failing({ subject: 'api', botId: 'b2', why: '95012', api: 'kf/sync_msg', openKfId: 'wk1' }),
    ];
    expect(causes(status(), { callers })).toMatchObject([
      { code: 'token_refused', severity: 'bad', botId: 'b1', corpId: 'ww1', why: '40001' },
      { code: 'token_refused', severity: 'bad', botId: null, corpId: 'ww2', why: '40014' },
      { code: 'bot_calls_fail', severity: 'wait', botId: 'b2', openKfId: null, why: '95017' },
      { code: 'bot_calls_fail', severity: 'wait', botId: 'b2', openKfId: 'wk1', why: '95012' },
    ]);
  });

  it('have one line for equal ones of a bot, which names the account where it is one', () => {
    const fail = { code: 'replies_fail', why: '95017' } as const;
    const ofBot = { botId: 'b1' };
    const views = [
      view('wk1', { ...fail, sinceMs: 2_000 }, ofBot),
      view('wk2', { ...fail, sinceMs: 1_000 }, ofBot),
      view('wk3', { ...fail, why: '40008', sinceMs: 3_000 }, ofBot),
      view('wk4', { ...fail, sinceMs: 4_000 }),
      view('wk5', { code: 'dead_messages', count: 2, sinceMs: null }, ofBot),
      view('wk6', { code: 'dead_messages', count: 3, sinceMs: null }, ofBot),
    ];
    expect(causes(status(), { views })).toMatchObject([
      { ...fail, count: 2, ...ofBot, openKfId: null, sinceMs: 1_000 },
      { why: '40008', count: 1, ...ofBot, openKfId: 'wk3' },
      { ...fail, count: 1, botId: null, corpId: 'ww1', openKfId: 'wk4' },
      { code: 'dead_messages', count: 5, ...ofBot, openKfId: null },
    ]);
  });

  it('have one line for each replica that is away', () => {
    const awayReplicas = ['one-0a1b2c', 'two-3d4e5f'].map((replica) => ({ replica, sinceMs: NOW_MS }));
    const away = { code: 'replica_away', severity: 'wait', count: 1, sinceMs: NOW_MS };
    expect(causes(status(), { awayReplicas })).toMatchObject([
      { ...away, replica: 'one-0a1b2c', key: 'replica_away one-0a1b2c' },
      { ...away, replica: 'two-3d4e5f', key: 'replica_away two-3d4e5f' },
    ]);
  });

  it('are as bad as the worst account', () => {
    const silent = (severity: 'bad' | 'wait') => view('wk1', { code: 'silent', severity });
    const severities = (...views: AccountView[]) =>
      causes(status(), { views }).map(({ severity }) => severity);
    expect(severities(silent('wait'), silent('wait'))).toEqual(['wait']);
    expect(severities(silent('wait'), silent('bad'))).toEqual(['bad']);
  });

  it('keep their key when others join in', () => {
    const fail = { code: 'replies_fail', why: '95017' } as const;
    const keyOf = (...views: AccountView[]) => causes(status(), { views }).map(({ key }) => key);
    expect(keyOf(view('wk1', fail))).toEqual(keyOf(view('wk1', fail), view('wk2', fail)));
    const away = { why: 'unreachable' };
    const keysOf = (...callers: WecomOutcome[]) => causes(status(), { callers }).map(({ key }) => key);
    expect(keysOf(failing(away))).toEqual(keysOf(failing(away), failing({ ...away, corpId: 'ww2' })));
  });

  it('have one line for a dead host, whatever ports and paths its bots have, since the first', () => {
    const hints = [
      ...Array.from({ length: 305 }, (_, n) => waiting(n, `http://10.0.0.7:${8_000 + n}/bot-${n}`)),
      waiting(900, 'http://10.0.0.7:8000', { stage: 'circuit', accounts: 400, corpId: 'ww2' }),
      waiting(1, 'http://other:80#bot_1', { stage: 'status' }),
    ];
    expect(causes(status(), { hints })).toMatchObject([
      {
        key: 'waiting 10.0.0.7',
        ...{ code: 'waiting', severity: 'bad', count: 705, address: '10.0.0.7', why: 'connect' },
        ...{ sinceMs: NOW_MS - 900_000, corpId: null, openKfId: null },
        ...{ name: null, status: null, port: null, botId: null, botName: null, corpName: null },
      },
      {
        key: 'waiting other:80',
        ...{ name: null, status: null, port: 80, botId: 'bot_1', botName: null, corpName: null },
        ...{ code: 'waiting', severity: 'wait', count: 1, address: 'other:80', why: 'status' },
        ...{ sinceMs: NOW_MS - 1_000, corpId: 'ww1', openKfId: 'wk1' },
      },
    ]);
  });

  it('have none of the outbox for what waits because an operator has paused its bot', () => {
    const hints = [waiting(900, 'http://127.0.0.1:1', { state: 'parked', stage: 'paused' })];
    expect(causes(status(), { hints })).toEqual([]);
  });

  it('have one line for each bot of a host that refuses or fails at a port of its own', () => {
    const hints = [
      waiting(9, 'http://127.0.0.1:1', { accounts: 3 }),
      waiting(8, 'http://127.0.0.1:2', { stage: 'status' }),
      waiting(7, 'http://127.0.0.1:2', { stage: 'circuit' }),
      waiting(6, 'http://127.0.0.1:3', { stage: 'status' }),
      waiting(5, 'http://127.0.0.1:4', { stage: 'circuit' }),
      waiting(4, 'http://10.0.0.7:5', { stage: 'circuit' }),
      waiting(3, 'http://10.0.0.7:6', { stage: 'status' }),
    ];
    expect(causes(status(), { hints })).toMatchObject([
      { count: 4, address: '127.0.0.1', why: 'connect' },
      { count: 2, address: '127.0.0.1:2', why: 'status' },
      { count: 1, address: '127.0.0.1:3', why: 'status' },
      { count: 1, address: '10.0.0.7:5', why: 'circuit' },
      { count: 1, address: '10.0.0.7:6', why: 'status' },
    ]);
  });

  it('say of a bot that is back that accounts wait their turn, and of one that fails again how it fails', () => {
    const turn = { stage: 'resync', accounts: 190 } as const;
    const hints = [
      waiting(9, 'http://127.0.0.1:1', turn),
      waiting(8, 'http://127.0.0.1:2', turn),
      waiting(7, 'http://127.0.0.1:2', { stage: 'status' }),
      waiting(6, 'http://10.0.0.7:3', turn),
      waiting(5, 'http://10.0.0.7:4'),
    ];
    expect(causes(status(), { hints })).toMatchObject([
      { count: 190, address: '127.0.0.1:1', why: 'resync' },
      { count: 191, address: '127.0.0.1:2', why: 'status' },
      { count: 190, address: '10.0.0.7:3', why: 'resync' },
      { count: 1, address: '10.0.0.7:4', why: 'connect' },
    ]);
  });

  it('have the port of its scheme where a URL names none, and no port where a whole host is down', () => {
    const hints = [
      waiting(9, 'https://bot.example/callback', { stage: 'status' }),
      waiting(8, 'http://bot.example', { stage: 'status' }),
      waiting(7, 'http://bot.example:8080', { stage: 'status' }),
      waiting(6, 'https://[::1]/x', { stage: 'status' }),
      waiting(5, 'https://gone.example'),
      waiting(4, 'http://gone.example:8080'),
    ];
    expect(
      causes(status(), { hints, openCircuits: ['https://bot.example', 'https://idle.example/x'] }),
    ).toMatchObject([
      { address: 'bot.example:443', port: 443 },
      { address: 'bot.example:80', port: 80 },
      { address: 'bot.example:8080', port: 8_080 },
      { address: '[::1]:443', port: 443 },
      { address: 'gone.example', port: null, count: 2 },
      { code: 'circuits', address: 'idle.example:443', port: 443 },
    ]);
  });

  it('have one line for each bot that opens a stream, by its id: it has no address', () => {
    const away = { stage: 'offline' as const };
    const hints = [
      waiting(9, 'wxkf://stream#bot_1', away),
      waiting(8, 'wxkf://stream/laptop#bot_1', { stage: 'timeout' }),
      waiting(7, 'wxkf://stream#bot_2', away),
    ];
    const openCircuits = ['wxkf://stream/laptop#bot_1', 'wxkf://stream/laptop#bot_3'];
    expect(causes(status(), { hints, openCircuits })).toMatchObject([
      { code: 'waiting', count: 2, address: null, botId: 'bot_1', openKfId: null },
      { code: 'waiting', count: 1, address: null, botId: 'bot_2', openKfId: 'wk7', why: 'offline' },
      { code: 'circuits', count: 1, address: null, botId: 'bot_3' },
    ]);
  });

  it('name the bot that an operator added, where they are of it alone', () => {
    const hints = [
      waiting(9, 'http://10.0.0.7:80/a#bot_1', { accounts: 2 }),
      waiting(8, 'http://10.0.0.8:80/a#bot_1'),
      waiting(7, 'http://10.0.0.8:80/a#bot_2'),
      waiting(6, 'http://10.0.0.9:80'),
    ];
    expect(causes(status(), { hints }).map(({ botId }) => botId)).toEqual(['bot_1', null, null]);
  });

  it('have one line for a bot that answers different statuses, with the last one', () => {
    const refused = (status: number, atMs: number, changes: Partial<HintGroup> = {}) =>
      waiting(atMs, 'http://10.0.0.7:80', { stage: 'status', answered: { status, atMs }, ...changes });
    const hints = [
      refused(500, 1),
      refused(502, 3, { corpId: 'ww2' }),
      refused(404, 2, { corpId: 'ww3', accounts: 9 }),
      refused(403, 4, { state: 'dead' }),
    ];
    expect(causes(status(), { hints })).toMatchObject([
      { code: 'dead', count: 1, why: 'status', status: 403 },
      { code: 'waiting', count: 11, why: 'status', status: 502 },
    ]);
  });

  it('have no status of a bot that most accounts cannot reach at all', () => {
    const hints = [
      waiting(1, 'http://10.0.0.7:80', { accounts: 2 }),
      waiting(2, 'http://10.0.0.7:80', { stage: 'status', answered: { status: 500, atMs: 1 } }),
    ];
    expect(causes(status(), { hints })).toMatchObject([{ count: 3, why: 'connect', status: null }]);
  });

  it('have one line for each corp whose accounts have no bot, or whose messages cannot be pulled', () => {
    const pulled = { stage: 'pull' as const, corpId: 'ww3' };
    const hints = [
      waiting(1, null, { state: 'parked', stage: 'unregistered' }),
      waiting(2, null, { state: 'parked', stage: 'unregistered' }),
      waiting(3, null, { state: 'parked', stage: 'unregistered', corpId: 'ww2' }),
      waiting(4, 'wecom://kf/sync_msg#bot_1', pulled),
    ];
    expect(causes(status(), { hints })).toMatchObject([
      { code: 'waiting', corpId: 'ww3', address: null, why: 'pull', openKfId: 'wk4' },
      { code: 'parked', corpId: 'ww2', count: 1 },
      { code: 'parked', corpId: 'ww1', count: 2, openKfId: null },
    ]);
  });

  it('name the app whose callbacks are refused, and why', () => {
    const refused = (corpId: string | null, reason: string, count: number, source = '10.0.0.1') =>
      ({ latest: { corpId, reason, source }, count, firstAtMs: NOW_MS }) as RefusalGroup;
    const of = status({ lastMinute: { refused: 20 } });
    const troubles = {
      refusals: [
        refused('ww1', 'CALLBACK_SIGNATURE_MISMATCH', 3),
        refused('ww2', 'CIPHER_PADDING_INVALID', 4),
        refused('ww2', 'CIPHER_PADDING_INVALID', 5, '10.0.0.2'),
        refused('ww2', 'CIPHER_MESSAGE_LENGTH_INVALID', 1),
        refused(null, 'CALLBACK_CORP_UNKNOWN', 6),
      ],
      isKnownCorp: (corpId: string) => corpId.startsWith('ww'),
    };
    expect(causes(of, troubles)).toMatchObject([
      // Nobody but who has the app's Token signs a callback.
      { code: 'refused', severity: 'bad', corpId: 'ww2', why: 'CIPHER_PADDING_INVALID', count: 10 },
      { code: 'refused', severity: 'wait', corpId: null, why: null, count: 6 },
      { code: 'refused', severity: 'wait', corpId: 'ww1', why: 'CALLBACK_SIGNATURE_MISMATCH', count: 3 },
    ]);
    expect(causes(of)).toMatchObject([{ code: 'refused', corpId: null, count: 20 }]);
  });

  it('are bad where somebody has waited as long as a reply may take', () => {
    const since = (ms: number) => [waiting(1, 'http://10.0.0.7:80', { sinceMs: NOW_MS - ms })];
    const severities = (hints: readonly HintGroup[]) =>
      causes(status(), { hints }).map(({ severity }) => severity);
    expect(severities(since(59_999))).toEqual(['wait']);
    expect(severities(since(60_000))).toEqual(['bad']);
  });

  it('have what is bad before what is not, whatever it is', () => {
    const views = [view('wk1', { code: 'waiting_messages', severity: 'bad' })];
    const hints = [waiting(1, 'http://a:1', { sinceMs: NOW_MS - 1 })];
    expect(codes({}, { views, hints })).toEqual(['waiting_messages', 'waiting']);
  });

  it('do not say again that nothing can be pulled while WeCom refuses calls', () => {
    const hints = [waiting(4, 'wecom://kf/sync_msg#bot_1', { stage: 'overloaded' })];
    expect(codes({}, { hints, callers: [failing()] })).toEqual(['wecom_fails']);
    expect(codes({}, { hints, callers: [failing({ corpId: 'ww2' })] })).toEqual(['wecom_fails', 'waiting']);
  });

  it('name a bot that does not take its messages once, with its last answer', () => {
    const views = [view('wk1', { code: 'waiting_messages', why: 'status', status: 500 }, { botId: 'b1' })];
    expect(causes(status(), { views, openCircuits: ['http://a:1/x#b1'] })).toMatchObject([
      { code: 'waiting_messages', botId: 'b1', openKfId: 'wk1', why: 'status', status: 500 },
    ]);
  });

  it('have an address that fails only where nothing waits for it', () => {
    const openCircuits = [
      'http://a:1/x',
      'http://a:1/y',
      'http://b:1',
      'http://b:2',
      'wecom://kf/sync_msg#b',
    ];
    const hints = [waiting(1, 'http://a:1/x')];
    expect(causes(status(), { hints, openCircuits })).toMatchObject([
      { code: 'waiting', address: 'a:1' },
      { code: 'circuits', address: 'b', count: 2 },
    ]);
  });
});
