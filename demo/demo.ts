/**
 * `npm run demo`: one customer's message on its whole way, through the built manager on real sockets.
 * WeCom and the puppet are played by servers of the tests; nothing leaves this machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decrypt } from '@wecom/crypto';
import { type ManagerProcess, spawnManager } from '../test/support/manager-process.js';
import { type PuppetServer, register, startPuppetServer } from '../test/support/puppet-server.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../test/support/wecom.js';

const STEP_LIMIT_MS = 15_000;
const startedMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function step(text: string): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(3);
  say(`${seconds.padStart(7)} s  ${text}`);
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const limit = setTimeout(
    () => reject(new Error(`${what} took longer than ${STEP_LIMIT_MS / 1000} s`)),
    STEP_LIMIT_MS,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(limit);
  }
}

async function start(dataDir: string): Promise<{ manager: Omit<ManagerProcess, 'url'>; url: string }> {
  // Its own log is shown where something goes wrong, and in the environment that the caller gave it.
  const manager = spawnManager(
    { DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: process.env.PORT ?? '0' },
    dataDir,
  );
  const { url } = await inTime(
    'starting the manager',
    manager.line(({ msg }) => msg === 'manager.listening'),
  );
  await inTime(
    'loading the registry',
    manager.line(({ msg }) => msg === 'registry.loaded'),
  );
  return { manager, url: String(url) };
}

/** The whole way of one message. @throws Error when it does not arrive as it was sent. */
async function sendOneMessage(
  manager: Omit<ManagerProcess, 'url'>,
  url: string,
  app: WecomApp,
  openKfId: string,
  puppet: PuppetServer,
): Promise<void> {
  await inTime('registering', register(url, app, openKfId, puppet.url));
  step(`registered    the puppet at ${puppet.url} answers for kf account ${openKfId}`);

  const callback = sealCallback(app, kfMessageXml(app, openKfId));
  const arrival = puppet.next();
  step(`sent          a customer writes; WeCom encrypts the news and calls ${url}/callback/${app.corpId}`);
  const response = await inTime('answering the callback', postCallback(url, app, callback));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the callback was answered ${response.status}: ${text}`);
  const line = await inTime(
    'the log line',
    manager.line(({ msg, openKfId: account }) => msg === 'callback.answered' && account === openKfId),
  );
  step(`received      the manager took the callback as request ${line.requestId}`);
  step(`verified      its signature is that of the corp's callback token`);
  step(`opened        ${line.event} for ${line.openKfId}, in ${line.openMs} ms with the verification`);

  const received = await inTime('arriving at the puppet', arrival);
  if (received.body !== callback.body) throw new Error('the puppet got other bytes than WeCom sent');
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(received.body)?.[1] ?? '';
  if (!decrypt(app.encodingAESKey, encrypted).message.includes(openKfId))
    throw new Error('the puppet cannot open it');
  step(
    `delivered     POST ${received.path}: taken by the puppet with ${line.puppetStatus} after ${line.deliveryMs} ms`,
  );
  step(`answered      WeCom got 200 "${text}", ${line.durationMs} ms after it had called`);
}

function sayWhatNext(url: string, { corpId }: WecomApp, openKfId: string): void {
  const json = "-H 'content-type: application/json'";
  say(`
The message arrived. The manager goes on running at ${url} until Ctrl-C. Try, from another terminal:

  an event that a gateway has opened; it appears here as it is delivered
    curl ${url}/callback/decrypted/${corpId} ${json} -d '{"token":"news","openKfId":"${openKfId}"}'
  the same for an account that no puppet has registered: 503, so that the sender sends it again
    curl ${url}/callback/decrypted/${corpId} ${json} -d '{"token":"news","openKfId":"wkNobody"}'
  a registration that says too little: 400, with every field that is missing
    curl ${url}/puppetWxkfManager/register ${json} -d '{"kfId":"wk1"}'
  how it is
    curl ${url}/health

README.md tells how to run it for real.
`);
}

/** Says what the puppet gets, for as long as the demo runs. */
async function sayDeliveries(puppet: PuppetServer): Promise<never> {
  for (;;) {
    const { path, body } = await puppet.next();
    step(`delivered     POST ${path} ${body.slice(0, 200)}`);
  }
}

const isOnce = process.argv.includes('--once') || !process.stdout.isTTY;
const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-manager-demo-'));
const puppet = await startPuppetServer();
const app = newApp();
const openKfId = newOpenKfId();
let running: Omit<ManagerProcess, 'url'> | null = null;
try {
  const { manager, url } = await start(dataDir);
  running = manager;
  step(`started       the manager, on an embedded store in a temporary folder`);
  await sendOneMessage(manager, url, app, openKfId, puppet);
  if (!isOnce) {
    sayWhatNext(url, app, openKfId);
    void sayDeliveries(puppet);
    await Promise.race([new Promise((resolve) => process.once('SIGINT', resolve)), manager.exited]);
    say('');
  }
} catch (error) {
  say(
    `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n\n${running?.output() ?? ''}`,
  );
  process.exitCode = 1;
} finally {
  await running?.stop('SIGINT');
  await puppet.close();
  rmSync(dataDir, { recursive: true, force: true });
  step('stopped       and nothing is left behind');
}
