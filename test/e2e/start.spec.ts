/** How the built process starts, and what it says when it cannot. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { spawnManager, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { register, startPuppetServer } from '../support/puppet-server.js';
import { mongoPlace } from '../support/stores.js';
import { newApp, newOpenKfId, sealVerification, sendMessage } from '../support/wecom.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-start-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts it in the expectation that it does not: gives its exit code and what it said. */
async function failedStart(env: Record<string, string>): Promise<{ code: unknown; said: string }> {
  const manager = spawnManager({ DATA_DIR: folder, ...env }, folder);
  const code = await manager.exited;
  return { code, said: manager.output() };
}

describe('configuration', () => {
  it('reports all mistakes at once, by name, with what was expected, and ends with 1', async () => {
    const { code, said } = await failedStart({
      PORT: '99999',
      LOG_LEVEL: 'loud',
      MONGO_URI: 'postgres://user:marked-secret@host/db',
      WECOM_APPS_FILE: join(folder, 'missing.json'),
      AUTH_PUPPET_TOKEN: 'marked-secret',
    });
    expect(code).toBe(1);
    expect(said).toContain('5 mistake(s)');
    expect(said).toMatch(/PORT: expected a whole number from 0 to 65535, got "99999"/);
    expect(said).toMatch(/LOG_LEVEL: expected one of .*info.*, got "loud"/);
    expect(said).toMatch(/MONGO_URI: expected mongodb:/);
    expect(said).toMatch(/WECOM_APPS_FILE: cannot be read \(ENOENT\)/);
    expect(said).toMatch(/AUTH_PUPPET_TOKEN: secret 1 of 1 must be at least 16 letters/);
    expect(said).not.toContain('marked-secret');
  });

  it('is read from .env too, and the environment counts more', async () => {
    writeFileSync(join(folder, '.env'), 'CALLBACK_BODY_MAX_BYTES=2048\nLOG_LEVEL=debug\n');
    const manager = await startManager({ DATA_DIR: folder, LOG_LEVEL: 'info' }, folder);
    const { settings } = await manager.line(({ msg }) => msg === 'manager.starting');
    expect(settings).toMatchObject({ CALLBACK_BODY_MAX_BYTES: 2_048, LOG_LEVEL: 'info' });
    await manager.stop();
  });

  it('listens on loopback unless told otherwise, and says once that it is open', async () => {
    const manager = await startManager({ DATA_DIR: folder });
    expect(manager.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    await manager.stop();
    expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toHaveLength(1);
  });

  it('says which roles are closed, and not that it is open, when others have secrets', async () => {
    const AUTH_PUPPET_TOKEN = 'marked-secret_of-puppets';
    const manager = await startManager({ DATA_DIR: folder, HOST: '127.0.0.1', AUTH_PUPPET_TOKEN });
    const { roles, reason } = await manager.line(({ msg }) => msg === 'roles.closed');
    expect(roles).toEqual(['gateway', 'operator']);
    expect(reason).toMatch(/set AUTH_GATEWAY_TOKEN, AUTH_OPERATOR_TOKEN$/);
    await manager.stop();
    expect(manager.log.filter(({ msg }) => msg === 'manager.unprotected')).toEqual([]);
    expect(manager.output()).not.toContain('marked-secret');
  });

  it('listens on every address once a role has a secret', async () => {
    const manager = spawnManager({ DATA_DIR: folder, AUTH_OPERATOR_TOKEN: 'marked-secret_of-operators' });
    const { settings } = await manager.line(({ msg }) => msg === 'manager.starting');
    expect(settings).toMatchObject({ HOST: '0.0.0.0', AUTH_OPERATOR_TOKEN: '1 secret(s)' });
    await manager.line(({ msg }) => msg === 'manager.listening');
    await manager.stop();
  });

  it('knows the apps of WECOM_APPS_FILE before any puppet registers', async () => {
    const app = newApp();
    const file = join(folder, 'apps.json');
    writeFileSync(file, JSON.stringify([{ ...app, receiveIds: ['wwProvider'] }]));
    const manager = await startManager({ DATA_DIR: folder, WECOM_APPS_FILE: file });
    for (const receiveId of [app.corpId, 'wwProvider']) {
      const query = new URLSearchParams(sealVerification(app, '1616140317555161061', receiveId));
      const response = await fetch(`${manager.url}/callback/${app.corpId}?${query}`);
      expect(await response.text()).toBe('1616140317555161061');
    }
    await manager.stop();
  });

  it('names the port that is taken', async () => {
    const manager = await startManager({ DATA_DIR: folder });
    const { port } = new URL(manager.url);
    const { code, said } = await failedStart({ PORT: port, DATA_DIR: join(folder, 'other') });
    expect(code).toBe(1);
    expect(said).toMatch(new RegExp(`EADDRINUSE.*${port}.*set PORT and HOST`));
    await manager.stop();
  });
});

describe('MONGO_URI', () => {
  const WITH_OPTION = /MONGO_URI cannot be read \(option nonsense is not supported\)/;
  const WITHOUT_REASON =
    /MONGO_URI cannot be read; check its host, port, database and options, and percent-encode/;

  it.each([
    ['an option that nobody knows', 'user:markedsecret@host/db?nonsense=1', WITH_OPTION],
    ['a port that is none', 'user:markedsecret@host:99999/db', WITHOUT_REASON],
    ['a database that cannot be one', 'user:markedsecret@host/d.b', WITHOUT_REASON],
    ['an unescaped / in the password', 'user:markedsecret/rest@host/db', WITHOUT_REASON],
    ['an unescaped : in the password', 'user:rest:markedsecret@host/db', WITHOUT_REASON],
    ['what looks like a host in the password', 'user:rest@markedsecret/rest@host/db', WITHOUT_REASON],
    ['what looks like an option in the password', 'user:p@ss?markedsecret=1@host/db', WITHOUT_REASON],
  ])('with %s is refused in one line that does not repeat it', async (_what, uri, line) => {
    const { code, said } = await failedStart({ MONGO_URI: `mongodb://${uri}` });
    expect(code).toBe(1);
    expect(said.match(/manager\.cannot_start/g)).toHaveLength(1);
    expect(said).toMatch(line);
    expect(said).not.toContain('markedsecret');
  });

  mongoSuite('of a database', () => {
    it('that a later version has written is refused', async () => {
      const place = mongoPlace();
      const client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
      const meta = client.db().collection<{ _id: string; version: number }>('wxkfmeta');
      await meta.insertOne({ _id: 'schema', version: 99 });
      const { code, said } = await failedStart(place.env);
      expect(code).toBe(1);
      expect(said.match(/manager\.cannot_start/g)).toHaveLength(1);
      expect(said).toMatch(/written by a later version \(schema 99, this one knows 1\)/);
      expect(await meta.findOne()).toMatchObject({ version: 99 });
      await client.close();
      await place.discard();
    });
  });
});

describe('DATA_DIR', () => {
  const dataFile = (): string => join(folder, 'store.mdb');

  async function usedStore(accounts = 200): Promise<void> {
    const manager = await startManager({ DATA_DIR: folder });
    const app = newApp();
    const ids = Array.from({ length: accounts }, newOpenKfId);
    await Promise.all(ids.map((openKfId) => register(manager.url, app, openKfId, 'http://127.0.0.1:1')));
    await manager.stop();
  }

  async function expectRefused(said: RegExp): Promise<void> {
    const before = readFileSync(dataFile());
    const { code, said: output } = await failedStart({});
    expect(code).toBe(1);
    expect(output.match(/manager\.cannot_start/g)).toHaveLength(1);
    expect(output).toMatch(said);
    expect(readFileSync(dataFile()).equals(before)).toBe(true);
  }

  it('that cannot be written to is refused with what to do', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, said } = await failedStart({ DATA_DIR: join(folder, 'file', 'data') });
    expect(code).toBe(1);
    expect(said).toMatch(/cannot be written to \(ENOTDIR\).*set MONGO_URI/);
  });

  it('that another process uses is refused, and that process goes on', async () => {
    const first = await startManager({ DATA_DIR: folder });
    const { code, said } = await failedStart({});
    expect(code).toBe(1);
    expect(said.match(/in use by another process, perhaps in another container/g)).toHaveLength(1);
    expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
    await first.stop();
  });

  it('of a process that was killed is free at once', async () => {
    const killed = await startManager({ DATA_DIR: folder });
    await killed.stop('SIGKILL');
    const next = await startManager({ DATA_DIR: folder });
    await next.stop();
  });

  it('whose store file became empty is refused as damaged, not taken for empty', async () => {
    await usedStore(1);
    truncateSync(dataFile());
    await expectRefused(/damaged \(store\.mdb is empty or missing\).*put a backup of the folder back/);
  });

  it('whose store file lost its end is refused as damaged', async () => {
    await usedStore();
    truncateSync(dataFile(), 12_288);
    await expectRefused(/is damaged \(reading it ended by SIGBUS\); nothing was changed/);
  });

  /** All pages but the two that hold LMDB's own bookkeeping. */
  async function spoilPages(): Promise<void> {
    const file = await open(dataFile(), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - 8_192, 0xa5), 0, size - 8_192, 8_192);
    await file.close();
  }

  it('with a damaged page is refused as damaged, by a line and not by a signal', async () => {
    await usedStore();
    await spoilPages();
    await expectRefused(/is damaged \(.+\); nothing was changed/);
  });

  it('that was damaged after an unclean end is refused as damaged', async () => {
    const manager = await startManager({ DATA_DIR: folder });
    await register(manager.url, newApp(), newOpenKfId(), 'http://127.0.0.1:1');
    await manager.stop('SIGKILL');
    await spoilPages();
    await expectRefused(/is damaged \(/);
  });

  /** Wherever `text` stands in the store. Small spots alone: damage to LMDB's own pages may end it by a signal. */
  function spoil(text: string, damage: (bytes: Buffer, at: number) => void): void {
    const bytes = readFileSync(dataFile());
    expect(bytes.includes(text)).toBe(true);
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) damage(bytes, at);
    writeFileSync(dataFile(), bytes);
  }

  /** As after a clean stop, so that nothing but the opening itself can find what is wrong. */
  function looksAsItWasLeft(): void {
    const { size, mtimeMs } = statSync(dataFile());
    const markerFile = join(folder, 'store.json');
    const marker = JSON.parse(readFileSync(markerFile, 'utf8'));
    expect(marker.closed).toBeDefined();
    writeFileSync(markerFile, JSON.stringify({ ...marker, closed: { bytes: size, mtimeMs } }));
  }

  it('with damaged records is refused as damaged, even where the file looks as it was left', async () => {
    await usedStore();
    spoil('http://127.0.0.1:1', (bytes, at) => bytes.fill(0xff, at - 1, at + 18));
    looksAsItWasLeft();
    await expectRefused(/is damaged \(/);
  });

  describe.each(['puppets', 'hints'])('whose record of where the %s are', (name) => {
    it('is gone is refused as damaged, not taken for empty', async () => {
      await usedStore();
      // Its last letter, so that it keeps its place among the names, by which LMDB finds the others.
      spoil(name, (bytes, at) => bytes.fill('x', at + name.length - 1, at + name.length));
      looksAsItWasLeft();
      await expectRefused(new RegExp(`is damaged \\(its ${name} are missing\\)`));
    });

    it('is spoilt is refused as damaged', async () => {
      await usedStore();
      spoil(name, (bytes, at) => bytes.fill(0xff, at + name.length, at + name.length + 48));
      looksAsItWasLeft();
      await expectRefused(/is damaged \(/);
    });
  });

  it('whose store was only half made when its process died begins anew', async () => {
    writeFileSync(join(folder, 'store.json'), '{"schemaVersion":1,"creating":true}');
    writeFileSync(dataFile(), '');
    const manager = await startManager({ DATA_DIR: folder });
    expect((await fetch(`${manager.url}/health/ready`)).status).toBe(200);
    await manager.stop();
  });

  it('whose marker was only half written is looked through and served', async () => {
    await usedStore(3);
    writeFileSync(join(folder, 'store.json'), '{"sche');
    const manager = await startManager({ DATA_DIR: folder });
    expect(manager.log.find(({ msg }) => msg === 'registry.loaded')).toMatchObject({ puppets: 3 });
    await manager.stop();
  });

  it.each(['lock.sqlite', 'store.json', 'store.mdb', 'store.mdb-lock'])(
    'with a folder in the place of %s is refused with what to do',
    async (name) => {
      mkdirSync(join(folder, name));
      const { code, said } = await failedStart({});
      expect(code).toBe(1);
      expect(said.match(/manager\.cannot_start/g)).toHaveLength(1);
      expect(said).toContain(`${name} cannot be written to (Error: it is no file); give this process`);
    },
  );

  it('of a later version is refused', async () => {
    await usedStore(1);
    writeFileSync(join(folder, 'store.json'), '{"schemaVersion":99}');
    await expectRefused(/written by a later version \(schema 99/);
  });

  it('is looked through after an unclean end, and served when it is whole', async () => {
    const puppet = await startPuppetServer();
    const [app, openKfId] = [newApp(), newOpenKfId()];
    const first = await startManager({ DATA_DIR: folder });
    await register(first.url, app, openKfId, puppet.url);
    await first.stop('SIGKILL');
    const second = await startManager({ DATA_DIR: folder });
    const response = await sendMessage(second.url, app, openKfId);
    expect(response.status).toBe(200);
    await second.stop();
    await puppet.close();
  });
});
