import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { EventFrame } from '../protocol/frames.js';
import { BodyBudget, BudgetShare } from '../../http/limits/body-budget.js';
import { Client, type ClientEnd } from './client.js';
import { SocketSession } from './socket-session.js';

/** A connection whose other side is the test. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: { readonly type: string; readonly [field: string]: unknown }[] = [];
  /** What it calls once each of them has gone to the system. */
  readonly written: (() => void)[] = [];
  closed: readonly [number, string] | null = null;

  send(text: string, written: () => void): void {
    this.sent.push(JSON.parse(text));
    this.written.push(written);
  }

  close(code: number, reason: string): void {
    this.readyState = 2;
    this.closed ??= [code, reason];
  }

  terminate(): void {
    this.readyState = 3;
    this.emit('close');
  }
}

let clock: ManualClock;
let socket: FakeSocket;
let client: Client | null;
let ended: ClientEnd | null;
let lost: ClientEnd | null;
let budget: BodyBudget;
/** The socket below. */
let incoming: EventEmitter;
/** One bot may take an eighth of it. */
const BUDGET_BYTES = 8 * 4_000_000;

beforeEach(() => {
  clock = new ManualClock();
  socket = new FakeSocket();
  [client, ended, lost] = [null, null, null];
  const connection = {
    ...{
      id: 'c1',
      replicaId: 'here',
      botId: 'bot-1',
      clientId: 'a',
      openKfIds: null,
    },
    ...{ placedAtMs: 1, connectedAtMs: 1, address: '', agent: '' },
  };
  const admitted = { connection, corpId: 'ww1', wantsCallbacks: false, isStillAllowed: () => true };
  budget = new BodyBudget(BUDGET_BYTES);
  incoming = new EventEmitter();
  new SocketSession(
    socket as unknown as WebSocket,
    incoming,
    new BudgetShare(budget, 'bot-1'),
    {
      admit: (_hello, wire) => {
        client = new Client(admitted, wire, clock, (_gone, why) => {
          lost = why;
        });
        client.ready(5_000, []);
        return client;
      },
    },
    clock,
    (why) => {
      ended = why;
    },
  );
});

const say = (frame: object) => socket.emit('message', Buffer.from(JSON.stringify(frame)), false);
const hello = () => say({ type: 'hello', version: 1, clientId: 'a' });
const types = () => socket.sent.map(({ type }) => type);

function start(): Promise<AttemptResult> {
  const frame: EventFrame = { type: 'event', id: '1', attempt: 1, openKfId: 'wkA', corpId: 'ww1', ageMs: 0 };
  return client?.underWay.start(frame, 5_000, () => {}).result ?? Promise.reject(new Error('no client'));
}

it('ends without a hello within 5 s, as one that may come again, and at once when the other side does not close', async () => {
  await clock.advance(4_999);
  expect(socket.closed).toBeNull();
  await clock.advance(1);
  expect(socket.closed).toEqual([4009, 'hello must come within 5 s']);
  await clock.advance(2_000);
  expect(ended).toBe('silent');
});

it('says ready first, and answers a ping', () => {
  hello();
  say({ type: 'ping', at: 7 });
  expect(socket.sent).toEqual([
    { type: 'ready', heartbeatS: 30, ackMs: 5_000, accounts: [] },
    { type: 'pong', at: 7 },
  ]);
});

it('lives for as long as something comes within two heartbeats', async () => {
  hello();
  for (let beat = 0; beat < 5; beat++) {
    await clock.advance(30_000);
    say({ type: 'pong', at: 1 });
  }
  expect(ended).toBeNull();
  await clock.advance(90_000);
  expect([ended, lost]).toEqual(['silent', 'silent']);
});

it('goes away from a client that does not read, which has what was under way again', async () => {
  hello();
  socket.bufferedAmount = 2 * 2_097_152;
  const under = start();
  expect(await under).toMatchObject({ taken: false, stage: 'reset' });
  expect([types(), socket.closed?.[0], lost]).toEqual([['ready', 'event', 'goaway'], 4008, 'slow']);
  expect(socket.sent.at(-1)).toEqual({ type: 'goaway', reason: 'slow', reconnectAfterMs: 0 });
  await clock.advance(2_000);
  expect(ended).toBe('slow');
});

it('takes 300 frames within a heartbeat that acknowledge nothing, and no more', () => {
  hello();
  for (let n = 0; n < 300; n++) say({ type: 'ack', id: 'unknown' });
  expect(socket.closed).toBeNull();
  say({ type: 'ack', id: 'unknown' });
  expect(socket.closed?.[0]).toBe(1008);
});

it.each<[string, () => void]>([
  ['a second hello', hello],
  ['bytes', () => void socket.emit('message', Buffer.from('{}'), true)],
  ['what is no frame', () => void say({ type: 'event' })],
])('ends at %s, and hears nothing after it', async (_what, send) => {
  hello();
  const under = start();
  send();
  say({ type: 'ack', id: '1' });
  expect(socket.closed?.[0]).toBe(1008);
  await clock.advance(2_000);
  expect(await under).toMatchObject({ taken: false, stage: 'reset' });
});

describe('the budget for bodies counts', () => {
  /** Which the same address may still take. */
  const isFree = (bytes: number): boolean => !budget.isSpent('bot-1', bytes);
  const SHARE_BYTES = BUDGET_BYTES / 8;

  it('what has come of a frame that is not complete, until it is', () => {
    hello();
    for (let n = 0; n < 10; n++) incoming.emit('data', Buffer.alloc(1_000));
    expect([isFree(SHARE_BYTES - 20_000), isFree(SHARE_BYTES - 10_000)]).toEqual([true, false]);
    say({ type: 'pong', at: 1 });
    for (const written of socket.written) written();
    expect(isFree(SHARE_BYTES)).toBe(true);
  });

  it('what waits for the client, and lets no long frame wait beyond it', async () => {
    hello();
    const message = 'x'.repeat(1_500_000);
    const send = (id: string) =>
      client?.underWay.start(
        { type: 'event', id, attempt: 1, openKfId: `wk${id}`, corpId: 'ww1', ageMs: 0, message },
        5_000,
        () => {},
      );
    send('1');
    send('2');
    expect(await send('3')?.result).toMatchObject({ stage: 'saturated' });
    expect(types()).toEqual(['ready', 'event', 'event']);
    for (const written of socket.written) written();
    send('4');
    expect(types()).toHaveLength(4);
  });

  it('nothing of a connection that is closed', async () => {
    hello();
    incoming.emit('data', Buffer.alloc(10_000));
    socket.emit('close', 1006);
    for (const written of socket.written) written();
    expect(isFree(SHARE_BYTES)).toBe(true);
  });

  it('and ends the connection whose unfinished frame is beyond it, and no other', async () => {
    budget.hold(SHARE_BYTES, 'bot-1');
    hello();
    incoming.emit('data', Buffer.alloc(10_000));
    expect(socket.closed).toBeNull();
    incoming.emit('data', Buffer.alloc(10_000));
    expect(socket.closed?.[0]).toBe(4009);
  });
});

it('a client that closes with 1009 has its long message dead, and comes back for the others', async () => {
  hello();
  const event = { type: 'event', attempt: 1, corpId: 'ww1', ageMs: 0 } as const;
  const [long, short] = ['x'.repeat(500), 'x'].map((message) =>
    client?.underWay.start(
      { ...event, id: `${message.length}`, openKfId: `wk${message.length}`, message },
      5_000,
      () => {},
    ),
  );
  socket.emit('close', 1009);
  expect(await long?.result).toMatchObject({ stage: 'too_long' });
  expect(await short?.result).toMatchObject({ stage: 'reset' });
});

it('a frame of the client that is too long says nothing of its messages', async () => {
  hello();
  const event = { type: 'event', attempt: 1, corpId: 'ww1', ageMs: 0 } as const;
  const sent = client?.underWay.start({ ...event, id: '1', openKfId: 'wk1', message: 'x' }, 5_000, () => {});
  socket.emit('error', new Error('Max payload size exceeded'));
  socket.emit('close', 1009);
  expect(await sent?.result).toMatchObject({ stage: 'reset' });
});
