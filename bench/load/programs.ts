/** The three programs: how each is started and what it is told about the accounts. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Account } from './accounts.js';
import { Child } from './child.js';

export const PROGRAM_KEYS = ['a', 'ours', 'b'] as const;
export type ProgramKey = (typeof PROGRAM_KEYS)[number];

export const TITLES: Record<ProgramKey, string> = {
  a: '(a) hand-written node:http',
  ours: 'ours',
  b: '(b) naive stack',
};

export type Setting = {
  /** The repository. */
  readonly root: string;
  /** A directory that is removed at the end. */
  readonly temp: string;
  readonly accounts: readonly Account[];
  readonly accountsFile: string;
  readonly appsFile: string;
  /** Stands for WeCom, so that nothing leaves this machine. */
  readonly wecomUrl: string;
  readonly mongoUri: string | undefined;
  readonly serverCore: number | undefined;
};

export type Program = { readonly key: ProgramKey; readonly port: number; readonly child: Child };

/** What must be there before a program can run; `undefined` when it is. */
export function whatIsMissing(key: ProgramKey, setting: Setting): string | undefined {
  if (existsSync(scriptOf(key, setting))) return undefined;
  return key === 'ours' ? 'dist/main.js is not there: run `npm run build` first' : 'compile bench/ first';
}

/** @param started - told the child before anything can fail, so that it is ended whatever happens. */
export async function startProgram(
  key: ProgramKey,
  setting: Setting,
  started: (child: Child) => void,
): Promise<Program> {
  const port = await freePort();
  const child = Child.start(TITLES[key], scriptOf(key, setting), envOf(key, port, setting), {
    cwd: setting.temp,
    logFile: join(setting.temp, `${key}.log`),
    core: setting.serverCore,
  });
  started(child);
  const base = `http://127.0.0.1:${port}`;
  await child.untilReady(async () => {
    const { status } = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    return key === 'ours' ? status === 200 : true;
  });
  if (key === 'ours') await registerAll(base, setting.accounts);
  return { key, port, child };
}

function scriptOf(key: ProgramKey, { root }: Setting): string {
  if (key === 'ours') return join(root, 'dist/main.js');
  return join(root, 'dist-tools/bench', key === 'a' ? 'baseline-http.js' : 'naive/main.js');
}

/** Ours runs with its defaults; only what would leave the machine or the temporary directory is set. */
function envOf(key: ProgramKey, port: number, setting: Setting): Record<string, string> {
  const env = { PORT: String(port), HOST: '127.0.0.1', ACCOUNTS_FILE: setting.accountsFile };
  if (key === 'b') {
    return { ...env, MONGO_URI: setting.mongoUri ?? '', MONGO_DB: `wxkf-bench-${process.pid}` };
  }
  if (key === 'a') return env;
  return {
    ...env,
    DATA_DIR: join(setting.temp, 'data'),
    WECOM_APPS_FILE: setting.appsFile,
    ACCESS_TOKEN_URL: `${setting.wecomUrl}/cgi-bin/gettoken`,
    WECOM_API_URL: setting.wecomUrl,
    DRAIN_DELAY_MS: '0',
  };
}

async function registerAll(base: string, accounts: readonly Account[]): Promise<void> {
  for (const { openKfId, corpId, endpoint, token, encodingAESKey } of accounts) {
    const answer = await fetch(`${base}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        kfId: openKfId,
        kfName: `bench ${openKfId.slice(-4)}`,
        endpoint,
        corpId,
        corpSecret: `secret-of-${corpId}`,
        token,
        encodingAESKey,
      }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`register was answered ${answer.status}: ${text}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('no free port');
  return address.port;
}
