import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { HintKeeper } from '../../dispatch/later/hint-keeper.js';
import type { NewHint } from '../../queue/event.js';
import type { WaitingHints } from '../../dispatch/later/waiting-hints.js';
import { SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { Metrics } from '../../metrics/metrics.js';
import type { Destination, Destinations, MessageDestination } from '../../registry/accounts/destination.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { MessageMetrics } from './message-metrics.js';
import type { Turn } from '../../queue/message-queue.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { SyncTokens } from '../../registry/bots/sync-tokens.js';
import { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import type { KfSync, Pull, PullAnswer } from '../../wecom/calls/kf-sync.js';
import { EarlierCursors } from './earlier-cursors.js';
import { HandOver } from './hand-over.js';
import { Recipients } from './recipients.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const SECRET = new Secret('a-corp-secret');
const APP_ID = secretIdOf(ACCOUNT.corpId, SECRET);
const ENDPOINT = { origin: 'http://bot:8080', host: 'bot', basePath: '', href: 'http://bot:8080' };
const LEASE_MS = 15_000;
const READY = { state: 'ready', endpoint: ENDPOINT, bot: { order: 'account' } } as MessageDestination;

let clock: ManualClock;
let queue: TestMessages;
let turn: Turn;
let kept: NewHint[];
/** What memory knows, and what the store says when it is asked. */
let known: MessageDestination | null;
let stored: { readonly recipient: MessageDestination | null; readonly destination: Partial<Destination> };

/** What WeCom is asked, and answers. */
let asked: Pull[];
let page: PullAnswer;

beforeEach(async () => {
  [asked, page] = [[], { entries: [], cursor: '', hasMore: true }];
  clock = new ManualClock();
  queue = new MemoryMessageQueue();
  [kept, known] = [[], null];
  const lease = await queue.pulls.begin(ACCOUNT, APP_ID, clock.nowMs(), LEASE_MS);
  const pulled = pulledPage([newMessage('m1', { skip: 1 }), newMessage('m2', { skip: 2 })], {
    ...{ endpoint: ENDPOINT.href, appId: APP_ID },
  });
  await queue.pulls.keep(ACCOUNT, lease?.id ?? '', pulled, clock.nowMs(), LEASE_MS);
  const [first] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
  if (first === undefined) throw new Error('nothing is due');
  turn = first;
});

function find() {
  const destinations: Pick<Destinations, 'findForMessages' | 'confirm'> = {
    findForMessages: () => known,
    confirm: async () => {
      known = stored.recipient;
      return stored.destination as Destination;
    },
  };
  const keeper = { keep: async (hint: NewHint) => void kept.push(hint) } as unknown as HintKeeper;
  const waiting = { kept: { added: { wakeUp: () => {} } } } as unknown as WaitingHints;
  const metrics = new MessageMetrics(new Metrics());
  const sync: Pick<KfSync, 'pull'> = {
    pull: async (pull) => {
      asked.push(pull);
      return page;
    },
  };
  const tokens: Pick<SyncTokens, 'find'> = { find: () => 'ENCtoken' };
  const [asKfSync, asTokens] = [sync as KfSync, tokens as SyncTokens];
  const handOver = new HandOver(
    new EarlierCursors(queue, asKfSync, asTokens),
    queue.pulls,
    keeper,
    waiting,
    metrics,
    clock,
  );
  const recipients = new Recipients(destinations as Destinations, queue, handOver, clock, clock);
  return recipients.find(turn);
}

const waiting = async () => (await queue.counts(ACCOUNT)).waiting;
const claimable = () => queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());

describe('a recipient of events that pulls on', () => {
  const handOver = async (entries: readonly string[]) => {
    page = { entries: entries.map((msgid) => ({ msgid })), cursor: 'nearer', hasMore: true };
    const bot = { id: 'bot-2', secrets: { corpSecret: SECRET } } as unknown as KnownBot;
    const destination = { isPulled: false, endpoint: ENDPOINT, state: 'ready', bot } as const;
    stored = { recipient: null, destination };
    await find();
    return queue.pulls.findCursor(ACCOUNT, APP_ID);
  };

  it('begins right before the first message that waits, where its page has some that were taken', async () => {
    expect(await handOver(['m0'])).toBe('nearer');
    expect(asked).toMatchObject([{ cursor: 'from-1', limit: 1, syncToken: 'ENCtoken' }]);
  });

  it('begins with its page where WeCom does not give those before it', async () => {
    expect(await handOver(['m1'])).toBe('from-1');
  });
});

describe('messages that wait', () => {
  it('go as one event to a recipient of events, whose token is over: such pulls are limited', async () => {
    stored = { recipient: null, destination: { isPulled: false, endpoint: ENDPOINT, state: 'ready' } };
    expect(await find()).toBeNull();
    expect(kept).toMatchObject([
      { event: { ...ACCOUNT, syncToken: '', lagMs: SYNC_TOKEN_LIFE_MS }, endpoint: ENDPOINT.href },
    ]);
    expect(await waiting()).toBe(0);
  });

  it('go to a bot that takes messages, also where only the store knows of it', async () => {
    stored = { recipient: READY, destination: { isPulled: true, endpoint: null, state: 'ready' } };
    expect(await find()).toMatchObject({ endpoint: ENDPOINT });
    expect([kept, await waiting()]).toEqual([[], 2]);
  });

  it('wait on while their bot is paused', async () => {
    known = { ...READY, state: 'paused' } as Partial<MessageDestination> as MessageDestination;
    stored = { recipient: known, destination: { isPulled: true } };
    expect(await find()).toBeNull();
    expect([await waiting(), await claimable()]).toEqual([2, []]);
  });

  it('go out once the store says that another replica ended the pause', async () => {
    known = { ...READY, state: 'paused' } as Partial<MessageDestination> as MessageDestination;
    stored = { recipient: READY, destination: { isPulled: true } };
    expect(await find()).toMatchObject({ endpoint: ENDPOINT });
  });

  it('go to nobody where people serve the account', async () => {
    stored = { recipient: null, destination: { isPulled: false, endpoint: null, state: 'unserved' } };
    expect(await find()).toBeNull();
    expect([kept, await waiting()]).toEqual([[], 0]);
  });

  it('wait on while nobody has the account, and are not claimed again and again', async () => {
    stored = { recipient: null, destination: { isPulled: false, endpoint: null, state: 'absent' } };
    expect(await find()).toBeNull();
    expect([await waiting(), await claimable()]).toEqual([2, []]);
  });
});
