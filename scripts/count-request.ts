/**
 * `npx tsx scripts/count-request.ts`: how many files and functions of ours one request executes, by V8's coverage of the compiled
 * build. Each kind is counted after a first one of its kind. `--list` names them, and a path counts an earlier build:
 *
 *     npx tsx scripts/count-request.ts [--list] [../earlier/dist]
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type Profiler, Session } from 'node:inspector/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { register, startPuppetServer } from '../test/support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage } from '../test/support/wecom.js';
import { STAND_IN_KEY, StandInService } from '../packages/simulator/services/stand-in-service.js';
import { type Simulator, startSimulator } from '../packages/simulator/simulator.js';

/** Until all that follows from an answer has run. */
const AFTER_MS = 50;

/** Names of functions by file. */
type Executed = Readonly<Record<string, readonly string[]>>;

const args = process.argv.slice(2);
const session = new Session();
session.connect();
const build = resolve(args.find((arg) => !arg.startsWith('--')) ?? 'dist');
if (process.send === undefined) await report();
else await count();

/** The manager has a process of its own, whose log is of no use here. */
async function report(): Promise<void> {
  const child = fork(process.argv[1] ?? '', args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const rows = new Map<string, Executed>();
  child.on('message', ([what, executed]: [string, Executed]) => rows.set(what, executed));
  const [code] = await once(child, 'exit');
  for (const [what, executed] of rows) {
    const functions = Object.values(executed).flat();
    process.stdout.write(
      `${what.padEnd(20)} ${Object.keys(executed).length} files, ${functions.length} functions\n`,
    );
    if (!args.includes('--list')) continue;
    for (const [file, names] of Object.entries(executed))
      process.stdout.write(`    ${file}: ${names.join(' ')}\n`);
  }
  process.exitCode = code;
}

async function count(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wxkf-count-'));
  const port = await freePort();
  Object.assign(process.env, { HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir });
  process.env.SECRETS_KEY = `${'A'.repeat(43)}=`;
  const wecom = await startSimulator({ accounts: ['of a puppet', 'of an agent'] });
  Object.assign(process.env, {
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });
  await import('reflect-metadata');
  const { start } = await import(pathToFileURL(join(build, 'start.js')).href);
  await start();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

  const url = `http://127.0.0.1:${port}`;
  const [app, openKfId] = [newApp(), newOpenKfId()];
  let isRefusing = false;
  const puppet = await startPuppetServer((_request, response) =>
    isRefusing ? void response.writeHead(500).end() : void response.end('success'),
  );
  const call = async (): Promise<void> => {
    const answer = await sendMessage(url, app, openKfId);
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
  };
  const takeKept = async (): Promise<void> => {
    const before = puppet.received.length;
    isRefusing = false;
    while (puppet.received.length === before) await puppet.next();
  };
  const keep = async (): Promise<void> => {
    isRefusing = true;
    await call();
  };
  const messages = await startPuppetServer((_request, response) => void response.end('success'));
  await addMessagePuppet(url, wecom, messages.url);
  const giveMessage = async (): Promise<void> => {
    wecom.say('hello');
    await messages.next();
  };
  const service = await StandInService.start({ answer: ({ text }) => `Re: ${text}` });
  await addAgent(url, wecom, service);
  let questions = 0;
  const askAgent = async (): Promise<void> => {
    const question = `question ${++questions}`;
    wecom.say(question, { openKfId: wecom.accounts[1]?.openKfId ?? '' });
    const isAnswered = () => JSON.stringify(wecom.corp.chat.messages).includes(`Re: ${question}`);
    while (!isAnswered()) await sleep(10);
  };
  const registerAgain = () => register(url, app, openKfId, puppet.url);
  const steps = {
    'a re-registration': registerAgain,
    'a healthy callback': call,
    'a kept one': keep,
    'its redelivery': takeKept,
    'a message': giveMessage,
    'a question': askAgent,
  };
  for (const run of Object.values(steps)) await during(run);
  for (const [what, run] of Object.entries(steps)) process.send?.([what, await during(run)]);
  await Promise.all([puppet.close(), messages.close(), service.close(), wecom.close()]);
  await rm(dataDir, { recursive: true, force: true });
  process.exit(0);
}

/** Registers a puppet that takes the messages of the local WeCom's account. */
async function addMessagePuppet(url: string, wecom: Simulator, endpoint: string): Promise<void> {
  const { corpId, corpSecret, openKfId, callback } = wecom;
  const { token, encodingAESKey } = callback;
  await post(`${url}/api/v1/apps`, { corpId, token, encodingAESKey });
  const saved = await wecom.saveCallback({ ...callback, url: `${url}/callback/${corpId}` });
  if (!saved.isVerified) throw new Error(saved.detail);
  const bot = {
    name: 'messages',
    corpId,
    corpSecret,
    openKfIds: [openKfId],
    kind: 'puppet',
    takes: 'message',
  };
  const { key } = await post(`${url}/api/v1/bots`, bot);
  const registration = { kfId: openKfId, kfName: 'messages', endpoint, takes: 'message', corpId, corpSecret };
  await post(`${url}/puppetWxkfManager/register`, registration, key);
}

/** Has a service answer the customers of the local WeCom's second account. */
async function addAgent(url: string, { corpId, corpSecret, accounts }: Simulator, service: StandInService) {
  const openKfIds = [accounts[1]?.openKfId];
  const agent = { form: 'dify', url: service.urlOf('dify'), key: STAND_IN_KEY };
  await post(`${url}/api/v1/bots`, { name: 'agent', corpId, corpSecret, openKfIds, kind: 'agent', agent });
}

async function post(url: string, body: object, key?: string): Promise<{ readonly key?: string }> {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const headers = { 'content-type': 'application/json', ...authorization };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { key?: string };
}

async function during(run: () => Promise<unknown>): Promise<Executed> {
  await sleep(AFTER_MS);
  await session.post('Profiler.takePreciseCoverage');
  await run();
  await sleep(AFTER_MS);
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return executedIn(result);
}

function executedIn(scripts: readonly Profiler.ScriptCoverage[]): Executed {
  const prefix = `${pathToFileURL(build).href}/`;
  const ours = scripts.filter((script) => script.url.startsWith(prefix));
  return Object.fromEntries(
    ours.flatMap((script): [string, string[]][] => {
      const names = script.functions
        .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
        .map(({ functionName }) => functionName || '(anonymous)');
      return names.length === 0 ? [] : [[script.url.slice(prefix.length), names]];
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
