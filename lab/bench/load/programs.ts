/** The programs: how each is started and what it is told about the accounts, or about where WeCom's API is. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { postJson, register } from '../../../test/support/puppet-server.js';
import type { Account } from './accounts.js';
import { Child } from './child.js';

export const PROGRAM_KEYS = ['a', 'ours', 'bots', 'b'] as const;
export type ProgramKey = (typeof PROGRAM_KEYS)[number];

/** Those that deliver callbacks, an earlier build of ours among them, and a bare relay for API calls. */
export type StartedKey = ProgramKey | 'before' | 'relay';

/** What takes turns: the programs, and ours once more for each of the other things that it does. */
export type TurnKey = StartedKey | 'keep' | 'token' | 'proxy' | 'tunnel';

/** Callbacks, and messages to puppets and to callback bots, on each store. */
type MessagesKey = 'events' | 'messages' | 'pulled' | 'mongoEvents' | 'mongoMessages' | 'mongoPulled';

/**
 * What has rounds: those, ours without and with slow calls beside, without and with calls of an agent, without and with
 * consoles open, with and without the delivery log, and with bots that take messages.
 */
export type MeasuredKey =
  | TurnKey
  | 'alone'
  | 'beside'
  | 'unasked'
  | 'asked'
  | 'unwatched'
  | 'watched'
  | 'logged'
  | 'unlogged'
  | 'keptBefore'
  | 'keptLogged'
  | 'keptUnlogged'
  | MessagesKey;

export const TITLES: Record<MeasuredKey, string> = {
  a: '(a) hand-written node:http',
  ours: 'ours',
  bots: 'ours, callback bots',
  before: 'ours, an earlier build',
  b: '(b) naive stack',
  keep: 'ours, every puppet down',
  keptBefore: 'an earlier build, every puppet down',
  token: 'ours, getToken',
  proxy: 'ours, proxy',
  tunnel: 'ours, tunnel',
  relay: 'hand-written relay',
  alone: 'ours, callbacks alone',
  beside: 'ours, beside 200 slow calls',
  unasked: 'ours, no agent asked',
  asked: 'ours, 100 calls of an agent under way',
  unwatched: 'ours, no console open',
  watched: 'ours, 3 consoles open',
  logged: 'ours, with the delivery log',
  unlogged: 'ours, without it',
  keptLogged: 'ours, every puppet down, with the log',
  keptUnlogged: 'ours, every puppet down, without it',
  events: 'callbacks to puppets',
  messages: 'messages to puppets',
  pulled: 'messages to callback bots',
  mongoEvents: 'callbacks to puppets, MongoDB',
  mongoMessages: 'messages to puppets, MongoDB',
  mongoPulled: 'messages to callback bots, MongoDB',
};

export type Setting = {
  /** The repository. */
  readonly root: string;
  /** Another checkout of it, built. */
  readonly before: string | undefined;
  /** A directory that is removed at the end. */
  readonly temp: string;
  readonly accounts: readonly Account[];
  readonly accountsFile: string;
  readonly mongoUri: string | undefined;
  /** As `taskset -c` takes it. */
  readonly serverCore: number | string | undefined;
  /** What ours and the relay are told besides. */
  readonly env?: Readonly<Record<string, string>>;
};

const REGISTRATIONS_AT_ONCE = 32;

export type Program = { readonly key: StartedKey; readonly port: number; readonly child: Child };

/** @param started - told the child before anything can fail, so that it is ended whatever happens. */
export async function startProgram(
  key: StartedKey,
  setting: Setting,
  started: (child: Child) => void,
): Promise<Program> {
  const port = await freePort();
  const root = key === 'before' ? (setting.before ?? '') : setting.root;
  const child = Child.start(TITLES[key], join(root, SCRIPTS[key]), envOf(key, port, setting), {
    cwd: setting.temp,
    logFile: join(setting.temp, `${key}.log`),
    core: setting.serverCore,
  });
  started(child);
  const base = `http://127.0.0.1:${port}`;
  await child.untilReady(async () => {
    const { status } = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    return isOurs(key) ? status === 200 : true;
  });
  if (key === 'bots') await addBots(base, setting.accounts);
  else if (isOurs(key)) await registerAll(base, setting.accounts);
  return { key, port, child };
}

function isOurs(key: StartedKey): boolean {
  return key === 'ours' || key === 'bots' || key === 'before';
}

async function registerAll(base: string, accounts: readonly Account[]): Promise<void> {
  for (let done = 0; done < accounts.length; done += REGISTRATIONS_AT_ONCE) {
    const some = accounts.slice(done, done + REGISTRATIONS_AT_ONCE);
    await Promise.all(some.map((account) => register(base, account, account.openKfId, account.endpoint)));
  }
}

/** Each account has a bot with keys of its own, so that every callback is sealed anew. */
async function addBots(base: string, accounts: readonly Account[]): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const { status } = await postJson(`${base}/api/v1/${path}`, body);
    if (status !== 200 && status !== 409) throw new Error(`${path} was answered ${status}`);
  };
  for (const { corpId, token, encodingAESKey, openKfId, endpoint } of accounts) {
    await post('apps', { corpId, token, encodingAESKey });
    const callback = { url: `${endpoint}/callback` };
    await post('bots', { name: openKfId, corpId, openKfIds: [openKfId], kind: 'callback', callback });
  }
}

export function dataDirOf({ temp }: Setting): string {
  return join(temp, 'data');
}

const SCRIPTS: Record<StartedKey, string> = {
  a: 'lab/bench/baseline-http.ts',
  ours: 'dist/main.js',
  bots: 'dist/main.js',
  before: 'dist/main.js',
  b: 'lab/bench/naive/dist/main.js',
  relay: 'lab/bench/relay-undici.ts',
};

/** Nobody listens there. */
const NO_WECOM = {
  ACCESS_TOKEN_URL: 'http://127.0.0.1:1/cgi-bin/gettoken',
  WECOM_API_URL: 'http://127.0.0.1:1',
};

/** Ours runs with its defaults; set is what keeps it on this machine, in the temporary directory, and quick to end. */
function envOf(key: StartedKey, port: number, setting: Setting): Record<string, string> {
  const env = { PORT: String(port), HOST: '127.0.0.1', ...NO_WECOM, ...setting.env };
  if (key === 'relay') return env;
  if (key === 'ours') return { ...env, DATA_DIR: dataDirOf(setting), DRAIN_DELAY_MS: '0' };
  if (key === 'bots') return { ...env, DATA_DIR: join(setting.temp, 'data-bots'), DRAIN_DELAY_MS: '0' };
  if (key === 'before') return { ...env, DATA_DIR: join(setting.temp, 'data-before'), DRAIN_DELAY_MS: '0' };
  const seeded = { ...env, ACCOUNTS_FILE: setting.accountsFile };
  if (key === 'a') return seeded;
  return { ...seeded, MONGO_URI: setting.mongoUri ?? '', MONGO_DB: `wxkf-bench-${process.pid}` };
}

/** Nobody listens there now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no free port');
  return address.port;
}
