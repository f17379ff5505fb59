/** How the built process starts, and what it says when it cannot. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import { StorageStartError } from '../../src/kernel/storage-start-error.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sealVerification, sendMessage } from '../support/wecom.js';

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

  describe('of a manager without a secret', () => {
    const app = newApp();
    let data: string;
    let manager: ManagerProcess;

    beforeAll(async () => {
      data = newFolder();
      // As it is when a process dies while it makes its store.
      writeFileSync(join(data, 'store.json'), '{"schemaVersion":1,"creating":true}');
      writeFileSync(join(data, 'store.mdb'), '');
      const file = join(data, 'apps.json');
      writeFileSync(file, JSON.stringify([{ ...app, receiveIds: ['wwProvider'] }]));
      writeFileSync(join(data, '.env'), '\uFEFFCALLBACK_BODY_MAX_BYTES=2048\nLOG_LEVEL=debug\n');
      const env = { LOG_LEVEL: 'info', CALLBACK_BODY_MAX_BYTES: '', WECOM_APPS_FILE: file };
      manager = await startManager({ DATA_DIR: data, ...env }, data);
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

    it('has it listen on loopback unless told otherwise, and say once that it is open', async () => {
      expect(manager.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect(await isReady()).toBe(true);
      expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toHaveLength(1);
    });

    it('tells the apps of WECOM_APPS_FILE before any puppet registers', async () => {
      for (const receiveId of [app.corpId, 'wwProvider']) {
        const query = new URLSearchParams(sealVerification(app, '1616140317555161061', receiveId));
        const response = await fetch(`${manager.url}/callback/${app.corpId}?${query}`);
        expect(await response.text()).toBe('1616140317555161061');
      }
    });

    it('lets it begin anew a store that was only half made when its process died', async () => {
      expect(JSON.parse(readFileSync(join(data, 'store.json'), 'utf8'))).not.toHaveProperty('creating');
      expect(await isReady()).toBe(true);
    });

    it('keeps a second one from its port and from its folder, and it goes on', async () => {
      const { port } = new URL(manager.url);
      const [ofPort, ofFolder] = await Promise.all([
        failedStart({ PORT: port }),
        failedStart({ DATA_DIR: data }),
      ]);
      expect(ofPort).toMatch(new RegExp(`EADDRINUSE.*${port}.*set PORT and HOST`));
      expect(ofFolder.match(/in use by another process, perhaps in another container/g)).toHaveLength(1);
      expect(await isReady()).toBe(true);
    });
  });
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
    const refused = await StorageModule.forRoot(loadConfig({ MONGO_URI: `mongodb://${uri}` })).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(StorageStartError);
    expect(refused.message).toMatch(
      /^MONGO_URI cannot be read; check its host, port, database and options, and percent-encode/,
    );
    expect(refused.message).not.toContain('markedsecret');
  });
});

describe('DATA_DIR', () => {
  const ENDPOINT = 'http://127.0.0.1:1';
  /** With 200 accounts: after a kill, and after a clean stop. */
  let killed: string;
  let stopped: string;

  beforeAll(() => {
    [killed, stopped] = [newFolder(), newFolder()];
  });

  afterAll(() => {
    for (const made of [killed, stopped]) rmSync(made, { recursive: true, force: true });
  });

  const copy = (from: string, to: string): void => cpSync(from, to, { recursive: true });
  const dataFile = (at = folder): string => join(at, 'store.mdb');

  it('is free at once after a kill, looked through and served when it is whole', async () => {
    const puppet = await startPuppetServer();
    const [app, openKfId] = [newApp(), newOpenKfId()];
    const first = await startManager({ DATA_DIR: folder });
    const others = Array.from({ length: 199 }, () => register(first.url, app, newOpenKfId(), ENDPOINT));
    await Promise.all([register(first.url, app, openKfId, puppet.url), ...others]);
    await first.stop('SIGKILL');
    copy(folder, killed);
    const second = await startManager({ DATA_DIR: folder });
    expect((await sendMessage(second.url, app, openKfId)).status).toBe(200);
    await second.stop();
    copy(folder, stopped);
    expect(second.log.find(({ msg }) => msg === 'registry.loaded')).toMatchObject({ puppets: 200 });
    await puppet.close();
  });

  /** All pages but the two that hold LMDB's own bookkeeping. */
  async function spoilPages(at: string): Promise<void> {
    const file = await open(dataFile(at), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - 8_192, 0xa5), 0, size - 8_192, 8_192);
    await file.close();
  }

  /** Wherever `text` stands in the store. Small spots alone: damage to LMDB's own pages may end it by a signal. */
  function spoil(text: string, damage: (bytes: Buffer, at: number) => void, at = folder): void {
    const bytes = readFileSync(dataFile(at));
    expect(bytes.includes(text)).toBe(true);
    for (let place = bytes.indexOf(text); place !== -1; place = bytes.indexOf(text, place + 1))
      damage(bytes, place);
    writeFileSync(dataFile(at), bytes);
  }

  /** As after a clean stop, so that nothing but the opening itself can find what is wrong. */
  function looksAsItWasLeft(at = folder): void {
    const { size, mtimeMs } = statSync(dataFile(at));
    const markerFile = join(at, 'store.json');
    const marker = JSON.parse(readFileSync(markerFile, 'utf8'));
    expect(marker.closed).toBeDefined();
    writeFileSync(markerFile, JSON.stringify({ ...marker, closed: { bytes: size, mtimeMs } }));
  }

  describe('of a manager', () => {
    beforeEach(() => copy(stopped, folder));

    async function expectRefused(said: RegExp): Promise<void> {
      const before = readFileSync(dataFile());
      expect(await failedStart()).toMatch(said);
      expect(readFileSync(dataFile()).equals(before)).toBe(true);
    }

    it('whose store file lost its end is refused as damaged', async () => {
      truncateSync(dataFile(), 12_288);
      await expectRefused(/is damaged \(reading it ended by SIGBUS\); nothing was changed/);
    });

    it('with damaged records is refused as damaged, even where the file looks as it was left', async () => {
      spoil(ENDPOINT, (bytes, at) => bytes.fill(0xff, at - 1, at + 18));
      looksAsItWasLeft();
      await expectRefused(/is damaged \(/);
    });

    it('whose record of where the puppets are is spoilt is refused as damaged', async () => {
      const name = 'puppets';
      spoil(name, (bytes, at) => bytes.fill(0xff, at + name.length, at + name.length + 48));
      looksAsItWasLeft();
      await expectRefused(/is damaged \(/);
    });
  });

  describe('of the compiled store alone', () => {
    /** Opens the store in each folder and prints a line for each: why it cannot be opened, or how many puppets it has. */
    const PROGRAM = `
      const { EmbeddedStore } = await import(${JSON.stringify(`${process.cwd()}/dist/storage/embedded/embedded-store.js`)});
      for (const dataDir of process.argv.slice(1))
        await EmbeddedStore.open({ dataDir }).then(
          (store) => console.log([...store.readAll(store.database('puppets'))].length),
          (error) => console.log(JSON.stringify(error.constructor.name + ': ' + error.message)),
        );
    `;
    const FOLDERS_IN_PLACE = ['lock.sqlite', 'store.json', 'store.mdb', 'store.mdb-lock'];

    /** Name, from where it comes, what was done to it, and how it is refused. */
    const cases: [string, () => string | null, (at: string) => void | Promise<void>, RegExp][] = [
      [
        'whose store file became empty is refused as damaged, not taken for empty',
        () => stopped,
        (at) => truncateSync(dataFile(at)),
        /damaged \(store\.mdb is empty or missing\).*put a backup of the folder back/,
      ],
      [
        'with a damaged page is refused as damaged, by a line and not by a signal',
        () => stopped,
        spoilPages,
        /is damaged \(.+\); nothing was changed/s,
      ],
      [
        'that was damaged after an unclean end is refused as damaged',
        () => killed,
        spoilPages,
        /is damaged \(/,
      ],
      ...['puppets', 'operators'].map((name): (typeof cases)[number] => [
        `whose record of where the ${name} are is gone is refused as damaged, not taken for empty`,
        () => stopped,
        (at) => {
          // Its last letter, so that it keeps its place among the names, by which LMDB finds the others.
          spoil(name, (bytes, place) => bytes.fill('x', place + name.length - 1, place + name.length), at);
          looksAsItWasLeft(at);
        },
        new RegExp(`is damaged \\(its ${name} are missing\\)`),
      ]),
      [
        'of a later version is refused',
        () => stopped,
        (at) => writeFileSync(join(at, 'store.json'), '{"schemaVersion":99}'),
        /written by a later version \(schema 99/,
      ],
      ...FOLDERS_IN_PLACE.map((name): (typeof cases)[number] => [
        `with a folder in the place of ${name} is refused with what to do`,
        () => null,
        (at) => void mkdirSync(join(at, name)),
        new RegExp(
          `${RegExp.escape(name)} cannot be written to \\(Error: it is no file\\); give this process`,
        ),
      ]),
    ];
    let said: unknown[];
    let before: (Buffer | null)[];

    const bytesOf = (n: number): Buffer | null => {
      const file = dataFile(join(all, String(n)));
      return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : null;
    };
    let all: string;

    beforeAll(async () => {
      all = newFolder();
      for (const [n, [, from, change]] of cases.entries()) {
        const at = join(all, String(n));
        const source = from();
        if (source === null) mkdirSync(at);
        else copy(source, at);
        await change(at);
      }
      before = cases.map((_case, n) => bytesOf(n));
      writeFileSync(join(all, 'file'), '');
      copy(stopped, join(all, 'whole'));
      writeFileSync(join(all, 'whole', 'store.json'), '{"sche');
      const folders = [...cases.keys().map(String), 'file/data', 'whole'].map((name) => join(all, name));
      const args = ['--input-type=module', '--eval', PROGRAM, '--', ...folders];
      said = (await promisify(execFile)(process.execPath, args)).stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    });

    afterAll(() => rmSync(all, { recursive: true, force: true }));

    it.each(cases.map(([name, , , reason], n) => ({ name, reason, n })))('$name', ({ reason, n }) => {
      expect(said[n]).toMatch(/^StorageStartError: /);
      expect(said[n]).toMatch(reason);
      const [left, found] = [bytesOf(n), before[n]];
      expect(left === null ? found === null : left.equals(found ?? Buffer.of())).toBe(true);
    });

    it('that cannot be written to is refused with what to do', () => {
      expect(said.at(-2)).toMatch(/^StorageStartError: .*cannot be written to \(ENOTDIR\).*set MONGO_URI/);
    });

    it('that is whole is opened, whatever its marker says', () => {
      expect(said.at(-1)).toBe(200);
    });
  });
});
