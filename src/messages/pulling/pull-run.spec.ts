import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { StoreClock } from '../../kernel/store-clock.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { knownBot, secretsText } from '../../../test/support/bots.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { AppError } from '../../kernel/app-error.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import type { KfSync, Pull, PullAnswer } from '../../wecom/calls/kf-sync.js';
import { UnfinishedAnswer } from '../../wecom/client/own-calls.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import type { WithheldOutcome } from '../../log/delivery-record.js';
import type { MessageOutcomes, WithheldMessage } from '../sending/message-outcomes.js';
import type { PageRules } from './page-rules.js';
import type { Circuits } from '../../dispatch/endpoint/circuits.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import type { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { PageKeeper } from './page-keeper.js';
import { PullRun } from './pull-run.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const MADE_AT_MS = Date.UTC(2026, 0, 1);
const AHEAD_MAX = 5;

let clock: ManualClock;
let queue: MemoryMessageQueue;
let asked: Pull[];
let answers: (PullAnswer | Error)[];
let run: PullRun;
let buried: string[];
/** Messages of the pages that brought something new. */
let begun: string[];
/** Endpoints for which messages came in. */
let cameInAt: string[];
let withheld: WithheldMessage[];
/** What happens while the rules judge a page. */
let judging: () => Promise<unknown>;
/** What the rules say of each `msgid`. */
let judged: ReadonlyMap<string, WithheldOutcome>;

beforeEach(() => {
  clock = new ManualClock(MADE_AT_MS + 60_000);
  queue = new MemoryMessageQueue();
  [asked, answers, buried, begun, withheld, judged] = [[], [], [], [], [], new Map()];
  judging = async () => {};
  cameInAt = [];
  const sync: Pick<KfSync, 'pull'> = {
    pull: async (pull) => {
      asked.push(pull);
      const answer = answers.shift() ?? page([]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const outcomes: Pick<MessageOutcomes, 'countPulled' | 'withheld'> = {
    countPulled: ({ dead }) => void buried.push(...dead.map(({ msgid }) => msgid)),
    withheld: (_account, those) => void withheld.push(...those),
  };
  const rules: PageRules = {
    judge: async ({ entries }) => {
      await judging();
      return entries.map((entry) => ({
        entry: { ...entry, isJudged: true },
        withheld: judged.get(String(entry.msgid)) ?? null,
      }));
    },
  };
  const pulled = new PulledMessages();
  pulled.listen(({ messages }) => void begun.push(...messages.map(({ msgid }) => msgid)));
  const circuits = { cameIn: (endpoint) => void cameInAt.push(endpoint) } as Partial<Circuits> as Circuits;
  const wecom = { noteEntries: () => {} } as Partial<WecomMetrics> as WecomMetrics;
  const pages = new PageKeeper(
    queue.pulls,
    rules,
    outcomes as MessageOutcomes,
    pulled,
    circuits,
    wecom,
    clock,
  );
  run = new PullRun(
    queue.pulls,
    sync as KfSync,
    pages,
    { messagesAheadMax: AHEAD_MAX, messageTries: 8 },
    clock,
    { nowMs: () => clock.nowMs() } as StoreClock,
    pino({ level: 'silent' }),
  );
});

const openBot = (fields: Parameters<typeof knownBot>[0] = {}): OpenBot =>
  knownBot({ takes: 'message', takesMessagesSinceMs: MADE_AT_MS, ...fields });

const withSecret = (corpSecret: string): OpenBot => openBot({ secrets: secretsText({ corpSecret }) });

const entry = (msgid: string, sentAtMs = MADE_AT_MS + 1_000) => ({
  ...{ msgid, open_kfid: ACCOUNT.openKfId, external_userid: 'wmCustomer' },
  ...{ send_time: sentAtMs / 1_000, origin: 3, msgtype: 'text', text: { content: msgid } },
});

const page = (ids: readonly string[], cursor = 'c1', hasMore = false): PullAnswer => ({
  entries: ids.map((id) => entry(id)),
  cursor,
  hasMore,
});

const pull = (bot = openBot(), syncToken = 'ENCtoken') =>
  run.run({ account: ACCOUNT, bot, endpoint: 'http://bot', syncToken, trace: null }, () => {});

async function waiting(): Promise<string[]> {
  const filter = { states: ['waiting'], corpId: null, openKfId: null } as const;
  return (await queue.list(filter, null, 1_000)).messages.map(({ msgid }) => msgid);
}

const TAKEN = { taken: true, status: 200 };

describe('a pull', () => {
  it('goes on from its cursor until there is no more, with the token of the event', async () => {
    answers = [page(['m1', 'm2'], 'c1', true), page([], 'c2', true), page(['m3'], 'c3')];
    expect(await pull()).toEqual(TAKEN);
    expect(await waiting()).toEqual(['m1', 'm2', 'm3']);
    expect(begun).toEqual(['m1', 'm2', 'm3']);
    expect(cameInAt).toEqual(['http://bot', 'http://bot']);
    answers = [page(['m4'], 'c4')];
    await pull();
    expect(asked.map(({ cursor }) => cursor)).toEqual(['', 'c1', 'c2', 'c3']);
    expect(new Set(asked.map(({ syncToken }) => syncToken))).toEqual(new Set(['ENCtoken']));
  });

  it('keeps a message as dead that is too long to be sent, says so once, and goes on', async () => {
    const long = { ...entry('long'), text: { content: 'x'.repeat(2_097_152) } };
    answers = [{ entries: [entry('m1'), long, entry('m2')], cursor: 'c1', hasMore: false }];
    expect(await pull()).toEqual(TAKEN);
    answers = [{ entries: [long, entry('m3')], cursor: 'c2', hasMore: false }];
    expect(await pull()).toEqual(TAKEN);
    expect([await waiting(), buried]).toEqual([['m1', 'm2', 'm3'], ['long']]);
  });

  it('keeps a message once, however often it is given', async () => {
    answers = [page(['m1', 'm1', 'm2'], 'c1', true), page(['m2', 'm3'], 'c2')];
    await pull();
    expect(await waiting()).toEqual(['m1', 'm2', 'm3']);
  });

  it('begins anew where WeCom refuses the cursor, and keeps nothing twice', async () => {
    answers = [page(['m1'], 'c1')];
    await pull();
    answers = [{ errcode: 40_058, errmsg: 'invalid cursor' }, page(['m1', 'm2'], 'c9')];
    expect(await pull()).toEqual(TAKEN);
    expect(asked.map(({ cursor }) => cursor)).toEqual(['', 'c1', '']);
    expect(await waiting()).toEqual(['m1', 'm2']);
    await pull();
    expect(asked.at(-1)?.cursor).toBe('c9');
  });

  it('is tried again later where the cursor does not move although there is more', async () => {
    answers = [page(['m1'], 'c1', true), page([], 'c1', true), page(['never'])];
    expect(await pull()).toMatchObject({
      taken: false,
      stage: 'pull',
      reason: expect.stringMatching(/does not move/),
    });
    expect(asked).toHaveLength(2);
    expect(await waiting()).toEqual(['m1']);
  });

  it('pauses while as many wait as may, and asks for no more than there is room for', async () => {
    answers = [page(['m1', 'm2', 'm3'], 'c1', true), page(['m4', 'm5'], 'c2', true)];
    expect(await pull()).toMatchObject({ taken: false, stage: 'pull_later', retryAfterMs: 2_000 });
    expect(asked.map(({ limit }) => limit)).toEqual([AHEAD_MAX, 2]);
    expect(await pull()).toMatchObject({ taken: false, stage: 'pull_later' });
    expect(asked).toHaveLength(2);
  });

  it('waits for another one of the account, and for as long as WeCom wants', async () => {
    const lease = await queue.pulls.begin(ACCOUNT, 'app', clock.nowMs(), 15_000);
    expect(await pull()).toMatchObject({ stage: 'pull_later', retryAfterMs: 1_000 });
    await queue.pulls.end(ACCOUNT, lease?.id ?? '');
    answers = [{ retryAfterS: 7 }, { errcode: 45_009, errmsg: '' }, { errcode: 45_033, errmsg: '' }];
    expect(await pull()).toMatchObject({ stage: 'wecom_busy', retryAfterMs: 7_000 });
    expect(await pull()).toMatchObject({ stage: 'wecom_busy', retryAfterMs: 60_000 });
    expect(await pull()).toMatchObject({ stage: 'wecom_busy', retryAfterMs: 1_000 });
  });

  it('asks for half as many after an answer that is not whole, and for twice as many after one that is', async () => {
    const unfinished = new UnfinishedAnswer('the answer is too long');
    answers = [unfinished, unfinished, unfinished];
    const reason = expect.stringMatching(/a single message/);
    expect(await pull()).toMatchObject({ stage: 'pull', reason, isOfAccount: true });
    answers = [page(['m1'], 'c1', true), page(['m2'], 'c2', true), page(['m3'], 'c3')];
    expect(await pull()).toEqual(TAKEN);
    expect(asked.map(({ limit }) => limit)).toEqual([5, 2, 1, 1, 2, 3]);
    expect(await waiting()).toEqual(['m1', 'm2', 'm3']);
  });

  it('fails with what WeCom says, and keeps what came before', async () => {
    answers = [page(['m1'], 'c1', true), { errcode: 60_020, errmsg: 'from ip: 1.2.3.4' }];
    const reason = 'WeCom answered kf/sync_msg with errcode 60020';
    expect(await pull()).toEqual({ taken: false, stage: 'pull', reason, isOfAccount: true });
    expect(await waiting()).toEqual(['m1']);
    answers = [new AppError('WECOM_UNREACHABLE')];
    expect(await pull()).toMatchObject({ taken: false, stage: 'pull', isOfAccount: false });
    answers = [page(['m2'], 'c2')];
    expect(await pull()).toEqual(TAKEN);
    expect(asked.at(-1)?.cursor).toBe('c1');
  });
});

describe('a page for a bot that shares its customers', () => {
  const shared = () => openBot({ session: {} });

  it('leaves out what is withheld, which is known from then on, and told of', async () => {
    judged = new Map([['m2', 'people']]);
    answers = [page(['m1', 'm2', 'm3'], 'c1')];
    await pull(shared());
    expect(await waiting()).toEqual(['m1', 'm3']);
    expect(withheld).toEqual([{ msgid: 'm2', outcome: 'people' }]);
    judged = new Map();
    answers = [page(['m2', 'm3', 'm4'], 'c2')];
    await pull(shared());
    expect(await waiting()).toEqual(['m1', 'm3', 'm4']);
  });

  it('is as it was judged, and what was sent before is not judged', async () => {
    answers = [{ entries: [entry('old', MADE_AT_MS - 1_000), entry('m1')], cursor: 'c1', hasMore: false }];
    judged = new Map([['old', 'people']]);
    await pull(shared());
    const [first] = (await queue.list({ states: ['waiting'], corpId: null, openKfId: null }, null, 9))
      .messages;
    expect([first?.msgid, withheld]).toEqual(['m1', []]);
  });

  it('that took long to judge leaves the next page all the time that a page has', async () => {
    const appId = secretIdOf(ACCOUNT.corpId, openBot().secrets.corpSecret);
    const lastsMs = [3_900, 14_000];
    const others: unknown[] = [];
    judging = async () => {
      await clock.advance(lastsMs.shift() ?? 0);
      others.push(await queue.pulls.begin(ACCOUNT, appId, clock.nowMs(), 15_000));
    };
    answers = [page(['m1'], 'c1', true), page(['m2'], 'c2')];
    expect(await pull(shared())).toEqual(TAKEN);
    expect(others).toEqual([null, null]);
  });

  it('is not judged for any other bot', async () => {
    judged = new Map([['m1', 'people']]);
    answers = [page(['m1'])];
    await pull();
    expect(await waiting()).toEqual(['m1']);
  });
});

describe('what was sent before', () => {
  const old = entry('old', MADE_AT_MS - 1_000);
  const sameSecond = entry('same second', MADE_AT_MS);

  it('the bot was made is skipped, on all pages of the first pull', async () => {
    answers = [
      { entries: [old, sameSecond], cursor: 'c1', hasMore: true },
      { entries: [entry('older', MADE_AT_MS - 2_000), entry('new')], cursor: 'c2', hasMore: false },
    ];
    await pull(openBot({ takesMessagesSinceMs: MADE_AT_MS + 999 }));
    expect(await waiting()).toEqual(['same second', 'new']);
  });

  it('and was skipped stays so when all of it is pulled again, also with another secret', async () => {
    answers = [{ entries: [old, entry('new')], cursor: 'c1', hasMore: false }];
    await pull();
    answers = [{ entries: [old, entry('new'), entry('newer')], cursor: 'd1', hasMore: false }];
    await pull(withSecret('another-secret'));
    expect(asked.map(({ cursor }) => cursor)).toEqual(['', '']);
    expect(await waiting()).toEqual(['new', 'newer']);
  });

  it('another message bot came is its own all the same: nobody else has had it', async () => {
    answers = [page(['m1'], 'c1')];
    await pull();
    answers = [{ entries: [entry('between', MADE_AT_MS + 2_000)], cursor: 'c2', hasMore: false }];
    await pull(openBot({ id: 'bot-2', takesMessagesSinceMs: MADE_AT_MS + 50_000 }));
    expect(await waiting()).toEqual(['m1', 'between']);
    expect(asked.at(-1)?.cursor).toBe('c1');
  });

  it('and another recipient has had is not given to a message bot again', async () => {
    answers = [page(['m1'], 'c1')];
    await pull();
    await queue.pulls.cover(ACCOUNT, MADE_AT_MS + 10_500, null);
    answers = [
      {
        entries: [entry('of the other', MADE_AT_MS + 10_000), entry('own', MADE_AT_MS + 11_000)],
        cursor: 'c2',
        hasMore: false,
      },
    ];
    await pull(openBot({ takesMessagesSinceMs: MADE_AT_MS + 11_000 }));
    expect(await waiting()).toEqual(['m1', 'own']);
  });

  it('and another recipient has had while the bot did not have the account is not given to it again', async () => {
    answers = [page(['m1'], 'c1')];
    await pull();
    await queue.pulls.cover(ACCOUNT, MADE_AT_MS + 10_000, null);
    answers = [
      {
        entries: [entry('of the other', MADE_AT_MS + 9_000), entry('own', MADE_AT_MS + 11_000)],
        cursor: 'c2',
        hasMore: false,
      },
      { entries: [entry('late', MADE_AT_MS + 8_000)], cursor: 'c3', hasMore: false },
    ];
    await pull();
    await pull();
    expect(await waiting()).toEqual(['m1', 'own']);
  });

  it('a program has had that pulled by itself is not given again where WeCom refuses its cursor', async () => {
    const appId = secretIdOf(ACCOUNT.corpId, openBot().secrets.corpSecret);
    const pulled = { from: '', cursor: 'of the program', isAll: true };
    const own = { appId, takerId: 'bot-2', beganAtMs: clock.nowMs(), ...pulled };
    await queue.pulls.moveCursor(ACCOUNT, own, clock.nowMs());
    await queue.pulls.cover(ACCOUNT, MADE_AT_MS + 10_500, 'bot-2');
    const old = { entries: [entry('of the program', MADE_AT_MS + 9_000)], cursor: 'c1', hasMore: true };
    const newer = { entries: [entry('own', MADE_AT_MS + 11_000)], cursor: 'c2', hasMore: false };
    answers = [{ errcode: 40_058, errmsg: 'cursor' }, old, newer];
    await pull();
    expect(asked.map(({ cursor }) => cursor)).toEqual(['of the program', '', 'c1']);
    expect(await waiting()).toEqual(['own']);
  });
});
