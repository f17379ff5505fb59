/**
 * `npm run demo`: one customer's message on its whole way, through the built manager on real sockets.
 * WeCom and the puppet are played by servers of the tests; nothing leaves this machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decrypt } from '@wecom/crypto';
import { type ManagerProcess, spawnManager } from '../test/support/manager-process.js';
import { register, startPuppetServer } from '../test/support/puppet-server.js';
import { startTokenServer } from '../test/support/token-server.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../test/support/wecom.js';

type Manager = Omit<ManagerProcess, 'url'>;

const STEP_LIMIT_MS = 15_000;
/** How long a manager that got the signal too takes at most to say so. */
const TOLD_WITHIN_MS = 1_000;
const startedMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function step(text: string, atMs = performance.now()): void {
  const seconds = ((atMs - startedMs) / 1000).toFixed(3);
  say(`${seconds.padStart(7)} s  ${text}`);
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const limit = delay(STEP_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} took longer than ${STEP_LIMIT_MS / 1000} s`);
  });
  return Promise.race([work, limit]);
}

/** @returns Where it listens. */
async function started(manager: Manager): Promise<string> {
  const { url } = await inTime(
    'starting the manager',
    manager.line(({ msg }) => msg === 'manager.listening'),
  );
  await inTime(
    'loading the registry',
    manager.line(({ msg }) => msg === 'registry.loaded'),
  );
  return String(url);
}

/** The whole way of one message. @throws Error when it does not arrive as it was sent. */
async function sendOneMessage(manager: Manager, url: string, app: WecomApp, openKfId: string): Promise<void> {
  await inTime('registering', register(url, app, openKfId, puppet.url));
  step(`registered    the puppet at ${puppet.url} answers for kf account ${openKfId}`);

  const callback = sealCallback(app, kfMessageXml(app, openKfId));
  const arrival = puppet.next();
  const sentMs = performance.now();
  step(`sent          a customer writes; WeCom encrypts the news and calls ${url}/callback/${app.corpId}`);
  const response = await inTime('answering the callback', postCallback(url, app, callback));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the callback was answered ${response.status}: ${text}`);
  const received = await inTime('arriving at the puppet', arrival);
  if (received.body !== callback.body) throw new Error('the puppet got other bytes than WeCom sent');
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(received.body)?.[1] ?? '';
  if (!decrypt(app.encodingAESKey, encrypted).message.includes(openKfId))
    throw new Error('the puppet cannot open it');

  const line = await inTime(
    'the log line',
    manager.line(({ msg, openKfId: account }) => msg === 'callback.answered' && account === openKfId),
  );
  // These three happened before the answer; their times are the log line's, counted from when WeCom called.
  const openedMs = sentMs + Number(line.openMs);
  step(`opened        verified, and opened: ${line.event} for ${line.openKfId}`, openedMs);
  step(
    `${line.outcome}     POST ${received.path}: the puppet took it with ${line.puppetStatus}`,
    openedMs + Number(line.deliveryMs),
  );
  step(`answered      WeCom got ${line.status} "${text}"`, sentMs + Number(line.durationMs));
}

function sayWhatNext(url: string, { corpId }: WecomApp, openKfId: string): void {
  const json = "-H 'content-type: application/json'";
  say(`
The message arrived. The manager goes on running at ${url} until Ctrl-C. Try, from another terminal:

  an event that a gateway has opened; it appears here as it is delivered
    curl ${url}/callback/decrypted/${corpId} ${json} -d '{"token":"news","openKfId":"${openKfId}"}'
  the same for an account that no puppet has registered: kept, and delivered when one does
    curl ${url}/callback/decrypted/${corpId} ${json} -d '{"token":"news","openKfId":"wkNobody"}'
  a registration that says too little: 400, with every field that is missing
    curl ${url}/puppetWxkfManager/register ${json} -d '{"kfId":"wk1"}'
  how it is
    curl ${url}/health

README.md tells how to run it for real.
`);
}

/** Says what the puppet gets, for as long as the demo runs. */
async function sayDeliveries(): Promise<never> {
  for (;;) {
    const { path, body } = await puppet.next();
    step(`delivered     POST ${path} ${body.slice(0, 200)}`);
  }
}

/**
 * Ctrl-C in a terminal, and any signal to the whole process group, reaches the manager too; a second signal
 * would then end it at once instead of cleanly.
 */
async function stop(manager: Manager, isInterrupted: boolean): Promise<void> {
  const isDraining = manager
    .line(({ msg }) => msg === 'manager.draining')
    .then(
      () => true,
      () => true,
    );
  const isTold =
    isInterrupted && (await Promise.race([isDraining, delay(TOLD_WITHIN_MS, false, { ref: false })]));
  await (isTold ? manager.exited : manager.stop('SIGINT'));
}

/** Until Ctrl-C where a person looks on, otherwise until the message has arrived. */
async function show(manager: Manager): Promise<void> {
  const app = newApp();
  const openKfId = newOpenKfId();
  const url = await started(manager);
  step('started       the manager, on an embedded store in a temporary folder');
  await sendOneMessage(manager, url, app, openKfId);
  process.exitCode = 0;
  if (process.argv.includes('--once') || !process.stdout.isTTY) return;
  sayWhatNext(url, app, openKfId);
  void sayDeliveries();
  await Promise.race([interruption, manager.exited]);
}

process.exitCode = 1;
let isInterrupted = false;
const interruption = new Promise<void>((resolve) => {
  const interrupt = () => {
    isInterrupted = true;
    resolve();
  };
  // Not once: npm may pass on the signal that the terminal has sent already.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
});
const puppet = await startPuppetServer();
const tokens = await startTokenServer();
const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-manager-demo-'));
const manager = spawnManager(
  { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: process.env.PORT ?? '0', ACCESS_TOKEN_URL: tokens.url },
  dataDir,
);
try {
  await show(manager);
} catch (error) {
  say(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n\n${manager.output()}`);
} finally {
  await stop(manager, isInterrupted);
  await Promise.all([puppet.close(), tokens.close()]);
  rmSync(dataDir, { recursive: true, force: true });
  step('stopped       and nothing is left behind');
}
