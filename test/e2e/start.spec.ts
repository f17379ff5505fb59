/** How the built process starts, and what it says when it cannot. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import { StorageStartError } from '../../src/kernel/storage-start-error.js';
import { VERSION } from '../../src/kernel/version.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { CONTENTS } from '../../src/store-contents.js';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { seenInTerminal } from '../support/terminal-process.js';
import { newApp, newOpenKfId, sealVerification, sendMessage } from '../support/wecom.js';

/** What the system, Kubernetes and other programs set; some names are near to those of settings. */
const OF_OTHERS = {
  ...{ HOME: '/root', HOSTNAME: 'pod', HOSTTYPE: 'x86_64', TERM: 'xterm', LOGNAME: 'root', LOG_PATH: '/log' },
  ...{ PORT0: '31000', PORTS: '31000', ALL_PROXY: 'socks://x', FTP_PROXY: 'ftp://x', ftp_proxy: 'ftp://x' },
  ...{ WXKF_MANAGER_SERVICE_HOST: '10.0.0.1', WXKF_MANAGER_SERVICE_PORT: '7777' },
  ...{ WXKF_MANAGER_PORT: 'tcp://10.0.0.1:7777', WXKF_MANAGER_PORT_7777_TCP_ADDR: '10.0.0.1' },
  ...{ AUTH_SERVICE_HOST: '10.0.0.2', AUTH_PORT_80_TCP: 'tcp://10.0.0.2:80', AUTH_SERVICE_PORT_HTTP: '80' },
};

const ALL_AUTH = 'use AUTH_PUPPET_TOKEN or AUTH_GATEWAY_TOKEN or AUTH_OPERATOR_TOKEN, or unset it';

let folder: string;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'wxkf-start-'));
}

/** Starts it in the expectation that it does not: gives what it said, in one line. */
async function failedStart(env: Record<string, string> = {}): Promise<string> {
  const manager = spawnManager({ DATA_DIR: folder, ...env }, folder);
  expect(await manager.exited).toBe(1);
  const said = manager.output();
  expect(said.match(/manager\.cannot_start/g)).toHaveLength(1);
  return said;
}

it('a start and check on a SQLite that may damage the store name its version, and the one that mended it', async () => {
  const older = `Object.defineProperty(process.versions, 'sqlite', { value: '3.51.2' })`;
  const old = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(older)}` };
  for (const [env, count] of [[old, 1] as const, [{}, 0] as const]) {
    const manager = await startManager({ DATA_DIR: folder, ...env });
    const lines = manager.log.filter(({ msg }) => msg === 'store.sqlite_old');
    const line = { level: 40, sqlite: '3.51.2', sqliteMin: '3.51.3' };
    expect(lines).toEqual(Array.from({ length: count }, () => expect.objectContaining(line)));
    await manager.stop();
    const { stdout } = await runCli({ DATA_DIR: folder, ...env }, 'check', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string; message: string }[] };
    const warnings = checks.filter(({ check, status }) => check === 'store' && status === 'warning');
    const warning = { message: expect.stringMatching(/^SQLite 3\.51\.2 .* 3\.51\.3 mended/) };
    expect(warnings).toEqual(Array.from({ length: count }, () => expect.objectContaining(warning)));
  }
});

describe('configuration', () => {
  it('reports all mistakes at once, by name, with what was expected, and ends with 1', async () => {
    const manager = spawnManager(
      {
        DATA_DIR: folder,
        PORT: '99999',
        LOG_LEVEL: 'loud',
        MONGO_URI: 'postgres://user:marked-secret@host/db',
        WECOM_APPS_FILE: join(folder, 'missing.json'),
        AUTH_PUPPET_TOKEN: 'marked-secret',
      },
      folder,
    );
    expect(await manager.exited).toBe(1);
    const said = manager.output();
    expect(said).toContain('5 mistake(s)');
    expect(said).toMatch(/PORT: expected a whole number from 0 to 65535, got "99999"/);
    expect(said).toMatch(/LOG_LEVEL: expected one of .*info.*, got "loud"/);
    expect(said).toMatch(/MONGO_URI: expected mongodb:/);
    expect(said).toMatch(/WECOM_APPS_FILE: cannot be read \(ENOENT\)/);
    expect(said).toMatch(/AUTH_PUPPET_TOKEN: secret 1 of 1 must be at least 16 letters/);
    expect(said).not.toContain('marked-secret');
  });

  it('with a misspelt setting stops the start, and the right one is named', async () => {
    const misspelt = {
      ...{ LOG_LEVL: 'debug', MONGODB_URI: 'mongodb://user:marked-secret@host/db', POTR: '80' },
      ...{ CALLBACK_MAX_SKEW: '5', AUTH_TOKEN: 'marked-secret', AUTH_PUPPET: 'x' },
    };
    const manager = spawnManager({ DATA_DIR: folder, ...OF_OTHERS, ...misspelt }, folder);
    expect(await manager.exited).toBe(1);
    const said = manager.output();
    expect(
      said
        .split('\n  ')
        .slice(1)
        .map((line) => line.trimEnd()),
    ).toEqual([
      'LOG_LEVL: this version has no such setting; use LOG_LEVEL, or unset it',
      'MONGODB_URI: this version has no such setting; use MONGO_URI, or unset it',
      'POTR: this version has no such setting; use PORT, or unset it',
      'CALLBACK_MAX_SKEW: this version has no such setting; use CALLBACK_MAX_SKEW_S, or unset it',
      `AUTH_TOKEN: this version has no such setting, so it protects nothing; ${ALL_AUTH}`,
      `AUTH_PUPPET: this version has no such setting, so it protects nothing; ${ALL_AUTH}`,
    ]);
    expect(said).not.toContain('marked-secret');
  });

  describe('of a manager without a secret', () => {
    const app = newApp();
    let data: string;
    let manager: ManagerProcess;

    beforeAll(async () => {
      data = newFolder();
      // As it is when a process dies while it makes its store.
      writeFileSync(join(data, 'wxkf.db'), '');
      const file = join(data, 'apps.json');
      writeFileSync(file, JSON.stringify([{ ...app, receiveIds: ['wwProvider'] }]));
      writeFileSync(join(data, '.env'), '\uFEFFCALLBACK_BODY_MAX_BYTES=2048\nLOG_LEVEL=debug\n');
      const env = { LOG_LEVEL: 'info', CALLBACK_BODY_MAX_BYTES: '', WECOM_APPS_FILE: file };
      manager = await startManager({ DATA_DIR: data, ...OF_OTHERS, ...env }, data);
    });

    afterAll(async () => {
      await manager.stop();
      rmSync(data, { recursive: true, force: true });
    });

    const isReady = async (): Promise<boolean> => (await fetch(`${manager.url}/health/ready`)).status === 200;

    it('is read from .env too, which an editor may have begun with a mark, and what the environment has not empty counts more', async () => {
      const { settings } = await manager.line(({ msg }) => msg === 'manager.starting');
      expect(settings).toMatchObject({ CALLBACK_BODY_MAX_BYTES: 2_048, LOG_LEVEL: 'info' });
    });

    it('leaves variables of the system, of Kubernetes and of other programs alone, also those near to settings', async () => {
      expect(await isReady()).toBe(true);
    });

    it('has it listen on loopback unless told otherwise, and say once that it is open', async () => {
      expect(manager.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect(await isReady()).toBe(true);
      expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toHaveLength(1);
    });

    it('writes lines of the log alone where it runs in no terminal', () => {
      expect(manager.output().trimEnd().split('\n')).toHaveLength(manager.log.length);
    });

    it('tells the apps of WECOM_APPS_FILE before any puppet registers', async () => {
      for (const receiveId of [app.corpId, 'wwProvider']) {
        const query = new URLSearchParams(sealVerification(app, '1616140317555161061', receiveId));
        const response = await fetch(`${manager.url}/callback/${app.corpId}?${query}`);
        expect(await response.text()).toBe('1616140317555161061');
      }
    });

    it('lets it begin anew a store that was only half made when its process died', async () => {
      expect(await isReady()).toBe(true);
    });

    it('keeps a second one from its port and from its folder, and it goes on', async () => {
      const { port } = new URL(manager.url);
      const [ofPort, ofFolder] = await Promise.all([
        failedStart({ PORT: port }),
        failedStart({ DATA_DIR: data }),
      ]);
      const faults = ofPort.split('\n').filter((line) => line.includes('EADDRINUSE'));
      expect(faults.map((line) => JSON.parse(line).reason)).toEqual([
        `port ${port} of 127.0.0.1 is in use by another process, perhaps another manager (EADDRINUSE); stop that one, or set PORT to another port`,
      ]);
      expect(ofFolder.match(/in use by another process, perhaps in another container/g)).toHaveLength(1);
      expect(await isReady()).toBe(true);
    });
  });
});

describe('in a terminal', () => {
  const COMMAND = `"${process.execPath}" "${join(process.cwd(), 'dist/main.js')}"`;

  it.each([
    [
      'unprotected',
      {},
      'not protected, everybody on this machine may do everything; npx wxkf-manager keys generate --add-to .env makes secrets',
    ],
    [
      'protected',
      { AUTH_OPERATOR_TOKEN: 'marked-secret-of-tests' },
      'the console asks for the secret of AUTH_OPERATOR_TOKEN',
    ],
  ])(
    'it says where the console is, where the data lie and that it is %s, and lists only settings that were set',
    async (_how, secrets, access) => {
      const env = { PORT: '0', HOST: '127.0.0.1', DATA_DIR: './kept', DRAIN_DELAY_MS: '0', ...secrets };
      const said = await seenInTerminal(COMMAND, 'access ', env, folder);
      const lines = said.split('\n');
      const log = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      const { settings } = log.find(({ msg }) => msg === 'manager.starting');
      expect(Object.keys(settings)).toEqual(expect.arrayContaining(Object.keys(env)));
      expect(Object.keys(settings)).toHaveLength(Object.keys(env).length);
      const { url } = log.find(({ msg }) => msg === 'manager.listening');
      const at = lines.findIndex((line) => line.includes('is running'));
      expect(lines.slice(at, at + 4)).toEqual([
        `WXKF-Manager ${VERSION} is running. Ctrl-C stops it.`,
        `  console  ${url}/console`,
        `  data     ${join(realpathSync(folder), 'kept')}`,
        `  access   ${access}`,
      ]);
      expect(log.at(-1)).toMatchObject({ msg: 'manager.stopped' });
      expect(said).not.toContain('marked-secret');
    },
  );
});

describe('MONGO_URI', () => {
  it('that cannot be read is refused in one line that does not repeat it', async () => {
    const said = await failedStart({ MONGO_URI: 'mongodb://user:markedsecret@host/db?nonsense=1' });
    expect(said).toMatch(/MONGO_URI cannot be read \(option nonsense is not supported\)/);
    expect(said).not.toContain('markedsecret');
  });

  // Of the error's message that line is made.
  it.each([
    ['a port that is none', 'user:markedsecret@host:99999/db'],
    ['a database that cannot be one', 'user:markedsecret@host/d.b'],
    ['an unescaped / in the password', 'user:markedsecret/rest@host/db'],
    ['an unescaped : in the password', 'user:rest:markedsecret@host/db'],
    ['what looks like a host in the password', 'user:rest@markedsecret/rest@host/db'],
    ['what looks like an option in the password', 'user:p@ss?markedsecret=1@host/db'],
  ])('with %s is refused without its words', async (_what, uri) => {
    const refused = await StorageModule.forRoot(
      loadConfig({ MONGO_URI: `mongodb://${uri}` }),
      CONTENTS,
    ).catch((error) => error);
    expect(refused).toBeInstanceOf(StorageStartError);
    expect(refused.message).toMatch(
      /^MONGO_URI cannot be read; check its host, port, database and options, and percent-encode/,
    );
    expect(refused.message).not.toContain('markedsecret');
  });
});

describe('DATA_DIR', () => {
  const dataFile = (): string => join(folder, 'wxkf.db');

  it('is free at once after a kill, served again, and refused in a line that says what to do once it is damaged', async () => {
    const puppet = await startPuppetServer();
    const [app, openKfId] = [newApp(), newOpenKfId()];
    const first = await startManager({ DATA_DIR: folder });
    const others = Array.from({ length: 199 }, () =>
      register(first.url, app, newOpenKfId(), 'http://127.0.0.1:1'),
    );
    await Promise.all([register(first.url, app, openKfId, puppet.url), ...others]);
    await first.stop('SIGKILL');
    const second = await startManager({ DATA_DIR: folder });
    expect((await sendMessage(second.url, app, openKfId)).status).toBe(200);
    await second.stop();
    expect(second.log.find(({ msg }) => msg === 'registry.loaded')).toMatchObject({ puppets: 200 });
    await puppet.close();
    await expectRefused((bytes) => bytes.fill(0xa5, 4_096));
    await expectRefused((bytes) => bytes.subarray(0, 12_288));
  });

  it('that a later version has written is refused in a line that says so', async () => {
    await (await startManager({ DATA_DIR: folder })).stop();
    const database = new DatabaseSync(dataFile());
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await failedStart()).toMatch(
      /was written by a later version \(schema 99, this one knows \d+\); start that version/,
    );
  });

  /** Leaves the file as it was found. */
  async function expectRefused(damage: (bytes: Buffer) => Buffer): Promise<void> {
    const whole = readFileSync(dataFile());
    writeFileSync(dataFile(), damage(Buffer.from(whole)));
    expect(await failedStart()).toMatch(
      /is damaged \(database disk image is malformed\); put a backup back, or move the folder away/,
    );
    writeFileSync(dataFile(), whole);
  }
});
