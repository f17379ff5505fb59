/**
 * Bots as 2.1.0 stored and exported them, one of each kind, on both stores: embedded and MongoDB. Replicas of both versions may run
 * beside each other, and an operator may go back, so 2.1.0 has to read what this version writes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { BotPageAnswer } from '../../src/api/bots/bots.dto.js';
import { accountKey } from '../../src/kernel/account.js';
import { runCli, runCliWith } from '../support/cli-process.js';
import { onEachStore } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';

type Env = Readonly<Record<string, string>>;

interface OldBot extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly corpId: string;
  readonly name: string;
  readonly openKfIds: readonly string[];
  /** JSON: plain or sealed. */
  readonly secrets: string;
  readonly callback: object | null;
}

/** Written by 2.1.0: its store with the key below, the same after `reseal --plain`, and what it exported with `--plain`. */
const { sealed, plain, exported }: Readonly<Record<'sealed' | 'plain' | 'exported', readonly OldBot[]>> =
  JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/bots-of-2.1.0.json'), 'utf8'));
const SECRETS_KEY = Buffer.alloc(32, 7).toString('base64');

onEachStore((newPlace) => {
  let place: Place;
  let env: Env;

  beforeEach(() => {
    place = newPlace();
    env = { ...place.env, SECRETS_KEY };
  });

  afterEach(() => place.discard());

  describe.each([
    ['sealed', sealed],
    ['in the clear', plain],
  ])('bots that 2.1.0 stored %s', (_how, stored) => {
    beforeEach(async () => {
      expect(await exportedOf(env)).toEqual([]);
      await store(env, stored);
    });

    it('are exported as 2.1.0 exported them', async () => {
      expect(await exportedOf(env)).toMatchObject(exported);
    });

    it('are answered whole, and once they are changed 2.1.0 reads what is stored', async () => {
      const manager = await startManager(env);
      const { items } = await ask<BotPageAnswer>(manager, 'GET');
      expect(items).toMatchObject(exported.map(shown));
      for (const { id, name } of exported) await ask(manager, 'PATCH', `/${id}`, { name: `${name} 2` });
      await manager.stop();
      expect(await exportedOf(env)).toMatchObject(exported.map(renamed));
      await runCli(env, 'reseal', '--plain');
      expect(await storedIn(env)).toMatchObject(plain.map((bot) => readable(renamed(bot))));
    });
  });

  it('bots that 2.1.0 exported are stored so that 2.1.0 reads them', async () => {
    const header = { format: 'wxkf-manager-registry', version: 1, secrets: 'plain', keyIds: [] };
    const end = { end: true, registrations: 0, bots: exported.length };
    const lines = [header, ...exported.map((bot) => ({ bot })), end].map((line) => JSON.stringify(line));
    const { stdout } = await runCliWith(lines.join('\n'), env, 'import', '--input', '-');
    expect(stdout).toBe('6 added, 0 replaced, 0 unchanged, 0 skipped, 0 failed\n');
    await runCli(env, 'reseal', '--plain');
    expect(await storedIn(env)).toMatchObject(plain.map(readable));
  });
});

const renamed = (bot: OldBot): OldBot => ({ ...bot, name: `${bot.name} 2` });

/** What 2.1.0 reads of a stored bot. It ignores what it does not know, such as fields of later versions. */
function readable({ secrets, ...bot }: OldBot): object {
  return { ...bot, secrets: JSON.parse(secrets), revision: expect.any(String) };
}

/** What an answer has of an exported bot. */
function shown({
  order,
  agent = null,
  callback,
  secrets,
  keys: _1,
  createdAt: _2,
  ...same
}: OldBot): unknown {
  const { corpSecret, url, headers } = JSON.parse(secrets);
  const called = { ...callback, url: url.replace(/\?.*/, '?***'), headers: Object.keys(headers) };
  return {
    ...same,
    order: same.takes === 'message' ? order : null,
    callback: callback && called,
    agent,
    hasCorpSecret: corpSecret !== '',
    fault: null,
  };
}

async function exportedOf(env: Env): Promise<OldBot[]> {
  const { stdout } = await runCli(env, 'export', '--plain', '--output', '-');
  const lines = stdout.trimEnd().split('\n').slice(1, -1);
  return lines.map((line) => JSON.parse(line).bot).sort(byId);
}

async function store(env: Env, bots: readonly OldBot[]): Promise<void> {
  if (env.MONGO_URI !== undefined) {
    const documents = bots.map((fields) => ({
      ...{ _id: fields.id, revision: '1', uniqueKeys: uniqueKeysOf(fields), fields },
    }));
    await inMongo(env.MONGO_URI, (stored) => stored.insertMany(documents));
    return;
  }
  inDataDir(env, (database) => {
    const add = database.prepare(`INSERT INTO bots (key, revision, fields) VALUES (?, '1', ?)`);
    const addKey = database.prepare('INSERT INTO bots_unique_keys (text, key) VALUES (?, ?)');
    for (const bot of bots) {
      add.run(bot.id, JSON.stringify(bot));
      for (const key of uniqueKeysOf(bot)) addKey.run(key, bot.id);
    }
  });
}

/** With its secrets read. */
async function storedIn(env: Env): Promise<object[]> {
  const found = (await fieldsIn(env)).sort(byId);
  return found.map((bot) => ({ ...bot, secrets: JSON.parse(bot.secrets) }));
}

async function fieldsIn(env: Env): Promise<OldBot[]> {
  if (env.MONGO_URI !== undefined) {
    const found = await inMongo(env.MONGO_URI, (stored) => stored.find().toArray());
    return found.map(({ fields }) => fields);
  }
  const rows = inDataDir(env, (database) => database.prepare('SELECT fields FROM bots').all());
  return rows.map(({ fields }) => JSON.parse(String(fields)) as OldBot);
}

function uniqueKeysOf({ corpId, openKfIds }: OldBot): string[] {
  return openKfIds.map((openKfId) => accountKey({ corpId, openKfId }));
}

interface OldDocument {
  readonly _id: string;
  readonly fields: OldBot;
}

async function inMongo<T>(
  uri: string,
  work: (stored: mongoose.mongo.Collection<OldDocument>) => Promise<T>,
): Promise<T> {
  const client = await mongoose.mongo.MongoClient.connect(uri);
  try {
    return await work(client.db().collection<OldDocument>('wxkfbots'));
  } finally {
    await client.close();
  }
}

function inDataDir<T>({ DATA_DIR = '' }: Env, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(DATA_DIR, 'wxkf.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function byId(a: OldBot, b: OldBot): number {
  return a.id < b.id ? -1 : 1;
}

async function ask<T>(manager: ManagerProcess, method: string, path = '', body?: object): Promise<T> {
  const response = await fetch(`${manager.url}/api/v1/bots${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = (await response.json()) as T;
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}
