/** Two replicas on one store, with the local WeCom and a webhook; the clock is moved by hand, and the sockets are real. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryRecords, RecordData } from '../../test/support/memory-records.js';
import { type PuppetServer, startPuppetServer } from '../../test/support/puppet-server.js';
import { refusedUrl } from '../../test/support/raw-server.js';
import { findIn } from '../../test/support/secret-forms.js';
import { loadConfig } from '../config/config.js';
import { AppError } from '../kernel/app-error.js';
import { Metrics } from '../metrics/metrics.js';
import { newHttpService } from '../http/outgoing/http-service.js';
import { RareCalls } from '../http/outgoing/rare-calls.js';
import { BookKeeper } from './book-keeper.js';
import { ROUND_MS } from './book.js';
import { NotificationClient } from './notification-client.js';
import { NotificationMetrics } from './notification-metrics.js';
import { notificationsConfig } from './notifications.config.js';
import { Notifier } from './notifier.js';
import { Receivers } from './receivers.js';
import { newCause } from '../insight/accounts/cause.js';
import type { Cause } from '../insight/accounts/cause.js';
import { toSight } from './trouble.js';

/** What is not there any more was seen to work. */
const worked = (): boolean => true;

const MINUTE_MS = 60_000;
const WAITING: Cause = newCause('waiting', 3, {
  why: 'connect',
  address: '10.0.0.7:8080',
  port: 8080,
  corpId: 'ww1',
});
const STORE_DOWN: Cause = newCause('store_down', 3);

/** The store, which may be away. */
class Books extends MemoryRecords {
  isAway = false;
  override meanwhile = async () => {
    if (this.isAway) throw new AppError('STORE_UNAVAILABLE');
  };
}

let clock: ManualClock;
let wecom: Simulator;
let hook: PuppetServer;
let data: RecordData;
let metrics: Metrics;
let lines: string;
const clients: RareCalls[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  wecom = await startSimulator({ clock });
  hook = await startPuppetServer((_request, response) => void response.end());
  data = new RecordData();
  lines = '';
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await wecom.close();
  await hook.close();
  expect(findIn(lines, [wecom.robot.key])).toEqual([]);
});

function openReplica(urls = wecom.robotUrl) {
  const config = loadConfig({ NOTIFY_URL: urls, WECOM_API_URL: wecom.url });
  metrics = new Metrics();
  const http = new RareCalls(newHttpService(), config, clock);
  clients.push(http);
  const books = new Books(data);
  const settings = notificationsConfig(config);
  const storeClock = { nowMs: () => clock.nowMs() };
  const log = pino({}, { write: (line: string) => void (lines += line) });
  const client = new NotificationClient(http, new NotificationMetrics(metrics));
  const notifier = new Notifier(new BookKeeper(books, clock), client, settings, storeClock, log);
  const receivers = new Receivers(settings).all;
  const round = async (causes: Cause[]): Promise<void> => {
    const dues = receivers.map(async (receiver) => ({
      receiver,
      due: await notifier.note(receiver, toSight({ causes, moreCauses: 0 }, worked)),
    }));
    for (const { receiver, due } of await Promise.all(dues))
      if (due !== null) await notifier.tell(receiver, due);
  };
  return { books, client, receivers, round };
}

type Replica = ReturnType<typeof openReplica>;

/** All replicas look at once, round after round. */
async function pass(ms: number, replicas: readonly Replica[], causes: Cause[] = []): Promise<void> {
  for (let passed = 0; passed < ms; passed += ROUND_MS) {
    await Promise.all(replicas.map(({ round }) => round(causes)));
    await clock.advance(ROUND_MS);
  }
}

const inGroup = (): string[] => wecom.robot.messages.map(({ content }) => content.slice(2, 6));

it('tells once for all replicas, and once that it is over', async () => {
  const replicas = [openReplica(), openReplica(), openReplica()];
  await pass(5 * MINUTE_MS, replicas, [WAITING]);
  expect(inGroup()).toEqual(['需要处理']);
  await pass(5 * MINUTE_MS, replicas);
  expect(inGroup()).toEqual(['需要处理', '已恢复（']);
});

it('takes nothing for over that one replica still sees', async () => {
  const [one, other] = [openReplica(), openReplica()];
  for (let n = 0; n < 60; n++) {
    await one.round([WAITING]);
    await other.round([]);
    await clock.advance(ROUND_MS);
  }
  expect(inGroup()).toEqual(['需要处理']);
});

it('does not tell again after a restart', async () => {
  await pass(2 * MINUTE_MS, [openReplica()], [WAITING]);
  await pass(2 * MINUTE_MS, [openReplica()], [WAITING]);
  expect(inGroup()).toEqual(['需要处理']);
});

it('does not take for over, right after a start, what it has not met yet', async () => {
  await pass(2 * MINUTE_MS, [openReplica()], [WAITING]);
  await clock.advance(60 * MINUTE_MS);
  const again = openReplica();
  await pass(MINUTE_MS / 2, [again]);
  await pass(2 * MINUTE_MS, [again], [WAITING]);
  expect(inGroup()).toEqual(['需要处理']);
  await pass(2 * MINUTE_MS, [again]);
  expect(inGroup()).toEqual(['需要处理', '已恢复（']);
});

it('tells each receiver, in its own form, and again only the one that did not take it', async () => {
  hook.behave((_request, response) => void response.writeHead(500).end());
  const replica = openReplica(`${wecom.robotUrl},${hook.url}/hook?key=marked-secret-of-hook`);
  expect(replica.receivers.map(({ kind }) => kind)).toEqual(['robot', 'webhook']);
  await pass(2 * MINUTE_MS, [replica], [WAITING]);
  expect(hook.received.length).toBeGreaterThan(1);
  hook.behave((_request, response) => void response.writeHead(204).end());
  hook.received.length = 0;
  await pass(5 * MINUTE_MS, [replica], [WAITING]);
  expect(inGroup()).toEqual(['需要处理']);
  expect(hook.received).toHaveLength(1);
  expect(hook.received[0]).toMatchObject({ path: '/hook', query: { key: 'marked-secret-of-hook' } });
  expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({
    troubles: [{ type: 'trouble', code: 'waiting', address: '10.0.0.7:8080' }],
  });
  expect(lines).toContain('notification.failed');
  expect(findIn(lines, ['marked-secret-of-hook'])).toEqual([]);
});

it('tells without the store that it does not answer, and once it is back not again', async () => {
  const replica = openReplica();
  replica.books.isAway = true;
  await pass(5 * MINUTE_MS, [replica], [STORE_DOWN]);
  expect(inGroup()).toEqual(['需要处理']);
  replica.books.isAway = false;
  await pass(5 * MINUTE_MS, [replica, openReplica()]);
  expect(inGroup()).toEqual(['需要处理', '已恢复（']);
});

it('is not told twice because one operation of the store was slow', async () => {
  const replicas = [openReplica(), openReplica()] as const;
  await pass(MINUTE_MS - ROUND_MS, replicas, [WAITING]);
  for (let n = 0; n < 20; n++) {
    replicas[n % 2 === 0 ? 0 : 1].books.isAway = true;
    await pass(ROUND_MS, replicas, [WAITING]);
    for (const { books } of replicas) books.isAway = false;
  }
  expect(inGroup()).toEqual(['需要处理']);
});

it('says what WeCom answered, what to do, and never the key', async () => {
  const wrong = openReplica(`${wecom.url}/cgi-bin/webhook/send?key=marked-secret-wrong-key`);
  const [receiver] = wrong.receivers;
  if (receiver === undefined) throw new Error('there is none');
  const outcome = await wrong.client.send(receiver, { msgtype: 'markdown', markdown: { content: 'a' } });
  expect(outcome).toEqual({
    fault:
      "WeCom answered errcode 93000: no robot has this key; copy the robot's webhook address into NOTIFY_URL again",
    status: 200,
    errcode: 93000,
  });
  expect(await metrics.registry.metrics()).toContain('wxkf_notifications_total{result="failed"} 1');
  expect(findIn(await metrics.registry.metrics(), ['marked-secret-wrong-key'])).toEqual([]);
});

it('says it when nobody listens, or the answer takes longer than 10 s', async () => {
  hook.behave(() => {});
  const replica = openReplica(`${hook.url}/hook`);
  const [receiver] = replica.receivers;
  if (receiver === undefined) throw new Error('there is none');
  const arrived = hook.next();
  const sending = replica.client.send(receiver, {});
  await arrived;
  await clock.advance(10_000);
  expect(await sending).toEqual({ fault: 'no complete answer in time', status: null, errcode: null });
  const [nobody] = openReplica(await refusedUrl()).receivers;
  expect(await replica.client.send(nobody ?? receiver, {})).toMatchObject({
    fault: 'the connection failed (ECONNREFUSED)',
  });
});
