/** What becomes of the lines of a file, on a store in memory. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { revealedApp, storedApp } from '../../../test/support/apps.js';
import { revealedBot, secretsText, storedBot } from '../../../test/support/bots.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../../test/support/memory-puppet.repository.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { registeredPuppet, revealed } from '../../../test/support/puppets.js';
import { loadConfig } from '../../config/config.js';
import { Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { type App, APPS, APPS_MAX } from '../../registry/apps/app.js';
import { AGENT_DEFAULTS } from '../../registry/bots/agent.dto.js';
import { BOTS, type StoredBot } from '../../registry/bots/stored-bot.js';
import { AccountHistories } from '../../registry/puppets/account-history.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { EndpointPolicy } from '../../registry/endpoint/endpoint-policy.js';
import { KnownCorps } from '../../registry/keys/known-corps.js';
import { RegistryImage } from '../../registry/puppets/registry-image.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { appEntry, botEntry, endLine, headerLine, readHeader, registrationLine } from './file-format.js';
import { Import } from './import.js';
import { AppImport } from './import-apps.js';
import { BotImport } from './import-bots.js';
import type { NumberedLine } from './read-lines.js';
import type { WhatToChange } from './what-to-change.js';

const [KEY, OTHER] = [new Secret(newSecretsKey()), new Secret(newSecretsKey())];
const SEALER = new Sealer([KEY]);
const NO_KEYS = new Sealer([]);

const one = registeredPuppet({
  openKfId: 'wk1',
  online: false,
  lastOnlineAtMs: 1_000,
  acceptedSecretId: 'id',
});
const two = registeredPuppet({
  openKfId: 'wk2',
  corpSecret: new Secret('second-secret'),
  replacedFrom: ['10.0.0.9'],
});
const LEAK = /corp-secret|second-secret|callbackToken1|jWmYm7/;

let table: PuppetTable;
let records: MemoryRecords;
let said: string[];

beforeEach(() => {
  [table, records] = [new Map(), new MemoryRecords()];
  said = [];
});

/** Collects what goes to standard error meanwhile. */
async function listening<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stderr;
  process.stderr.write = (text) => said.push(String(text)) > 0;
  try {
    return await work();
  } finally {
    process.stderr.write = write;
  }
}

const PLAIN: WhatToChange = { mayReplace: false, isTrial: false };

/** @param lines as they stand in the file, the first one included. */
function imported(
  lines: readonly string[],
  what = PLAIN,
  sealer = NO_KEYS,
  stop = new AbortController().signal,
) {
  const [header = '', ...others] = lines.map((line) => Buffer.from(line.replace(/\n$/, '')));
  async function* numbered(): AsyncGenerator<NumberedLine> {
    for (const [at, bytes] of others.entries()) yield { number: at + 2, bytes };
  }
  return listening(async () => {
    const importing = new Import(
      new MemoryPuppetRepository(table),
      await AppImport.open(records, what),
      await BotImport.open(records, what),
      new EndpointPolicy(loadConfig({})),
      what,
      stop,
    );
    await importing.run(numbered(), readHeader(Buffer.from(header), sealer), sealer);
    return importing.counts;
  });
}

const endOf = (registrations: number, ofApps = 0, ofBots = 0): string =>
  endLine({ registrations, apps: ofApps, bots: ofBots });

const fileOf = (puppets: readonly Puppet[], sealer: Sealer | null = null): string[] => [
  headerLine(sealer),
  ...puppets.map((puppet) => registrationLine(puppet, sealer)),
  endOf(puppets.length),
];

const stored = (openKfId: string) => revealed(table.get(openKfId)?.puppet ?? null);
const putApp = (app: App) => records.of(APPS).change(app.id, () => app);
const storedBots = () => records.of(BOTS).load();
const findBot = ({ id }: StoredBot) => records.of(BOTS).find(id);
const nothing = { added: 0, replaced: 0, unchanged: 0, skipped: 0, failed: 0 };

describe('a file', () => {
  it.each([
    ['plain', null, NO_KEYS],
    ['sealed', SEALER, SEALER],
    ['sealed with a key that is not the first any more', SEALER, new Sealer([OTHER, KEY])],
  ])('that is %s gives all that it was made of', async (_what, sealedBy, openedBy) => {
    const file = fileOf([one, two], sealedBy);
    if (sealedBy !== null) expect(file.join('')).not.toMatch(LEAK);
    expect(await imported(file, PLAIN, openedBy)).toEqual({ ...nothing, added: 2 });
    expect([stored('wk1'), stored('wk2')]).toEqual([revealed(one), revealed(two)]);
    expect(await imported(file, PLAIN, openedBy)).toEqual({ ...nothing, unchanged: 2 });
    expect(said).toEqual([]);
  });

  it('changes nothing in a trial, and counts the same', async () => {
    await imported(fileOf([one]));
    const file = fileOf([{ ...one, name: 'new' }, two]);
    const before = new Map(table);
    const trial = await imported(file, { mayReplace: true, isTrial: true });
    expect(table).toEqual(before);
    expect(trial).toEqual({ ...nothing, added: 1, replaced: 1 });
    expect(await imported(file, { mayReplace: true, isTrial: false })).toEqual(trial);
  });

  it.each([
    ['endpoint', { endpoint: 'http://moved' }],
    ['corp', { corpId: 'wwOther' }],
    ['secret', { corpSecret: new Secret('another') }],
    ['state', { online: true }],
    ['time', { lastOnlineAtMs: 2_000 }],
  ])('with another %s keeps what is stored, unless it may replace it', async (_what, fields) => {
    await imported(fileOf([one]));
    const file = fileOf([{ ...one, ...fields }]);
    expect(await imported(file)).toEqual({ ...nothing, skipped: 1 });
    expect(stored('wk1')).toEqual(revealed(one));
    expect(await imported(file, { ...PLAIN, mayReplace: true })).toEqual({ ...nothing, replaced: 1 });
    expect(stored('wk1')).toEqual(revealed({ ...one, ...fields }));
  });

  it.each([
    ['was cut off', (file: string[]) => file.slice(0, -1)],
    ['lacks a line', (file: string[]) => file.toSpliced(1, 1)],
    [
      'has a line too many',
      (file: string[]) => file.toSpliced(1, 0, registrationLine({ ...one, openKfId: 'wk3' }, null)),
    ],
  ])('that %s says so at its end, after all that it has', async (_what, change) => {
    const file = change(fileOf([one, two]));
    const { added, failed } = await imported(file);
    expect([added > 0, failed, said.at(-1)]).toEqual([
      true,
      1,
      expect.stringMatching(/^the file does not end as it/),
    ]);
  });

  it('that is broken off leaves whole what it has written', async () => {
    const stopping = new AbortController();
    stopping.abort(new Error('broken off'));
    await expect(imported(fileOf([one]), PLAIN, NO_KEYS, stopping.signal)).rejects.toThrow('broken off');
    expect(table.size).toBe(0);
  });
});

describe('a line', () => {
  const lineWith = (fields: object): string =>
    JSON.stringify({ ...JSON.parse(registrationLine(one, null)), ...fields });

  it.each([
    ['{"kfId":', 'is not a JSON object'],
    ['[]', 'is not a JSON object'],
    [
      lineWith({ kfId: 'a b', token: undefined }),
      /^kfId must be 1 to 64 .*; token must be given together with encodingAESKey/,
    ],
    [lineWith({ corpSecret: 'has blanks' }), /^corpSecret must be/],
    [lineWith({ online: 'yes' }), 'online must be true or false'],
    [lineWith({ lastOnlineDate: '2026-02-30T00:00:00Z' }), /^lastOnlineDate must be a time like/],
    [lineWith({ replacedFrom: [1] }), 'replacedFrom must be a list of addresses'],
    [lineWith({ endpoint: 'ftp://x' }), /^endpoint must be a URL/],
    [lineWith({ endpoint: 'http://169.254.169.254/' }), /^endpoint must not point to/],
    [registrationLine(two, null), 'kfId is on line 2 already'],
  ])('%j is refused by its number and the field', async (line, fault) => {
    const file = [headerLine(null), registrationLine(two, null), line, registrationLine(one, null), endOf(3)];
    expect(await imported(file)).toEqual({ ...nothing, added: 2, failed: 1 });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^line 3: .+\n$/);
    expect(said[0]?.slice('line 3: '.length, -1)).toEqual(
      typeof fault === 'string' ? fault : expect.stringMatching(fault),
    );
    expect(said[0]).not.toMatch(LEAK);
  });

  const sealedLine = (fields: object, from: Puppet = one): string =>
    JSON.stringify({ ...JSON.parse(registrationLine(from, SEALER)), ...fields });

  it.each([
    [
      'of another account',
      sealedLine({ kfId: 'wk9' }),
      /^corpSecret cannot be opened: a text sealed with key [0-9a-f]{8} does not open/,
    ],
    ['of another corp', sealedLine({ corpId: 'wwOther' }), /^corpSecret cannot be opened/],
    [
      'of another field',
      sealedLine({ token: JSON.parse(registrationLine(one, SEALER)).corpSecret }),
      /^token cannot/,
    ],
    [
      'of another key',
      registrationLine(one, new Sealer([OTHER])),
      /^corpSecret cannot be opened: key [0-9a-f]{8} is not/,
    ],
    ['that is plain', sealedLine({ token: 'callbackToken1' }), /^token is not sealed, although/],
  ])('with a sealed secret %s is refused', async (_what, line, fault) => {
    expect(await imported([headerLine(SEALER), line, endOf(1)], PLAIN, SEALER)).toEqual({
      ...nothing,
      failed: 1,
    });
    expect(said[0]?.replace('line 2: ', '')).toMatch(fault);
    expect(said[0]).not.toMatch(LEAK);
    expect(table.size).toBe(0);
  });

  it('is named until there are too many to read', async () => {
    const bad = Array.from({ length: 50 }, () => '{}');
    expect(await imported([headerLine(null), ...bad, endOf(50)])).toEqual({ ...nothing, failed: 50 });
    expect(said).toHaveLength(21);
    expect(said.at(-1)).toBe('further ones are counted and not named\n');
  });
});

describe('apps', () => {
  const app = storedApp({ verifiedAtMs: Date.UTC(2026, 0, 3) });
  const other = storedApp({ corpId: 'ww2' });
  const appsFile = (all = [app, other], sealer: Sealer | null = null): string[] => [
    headerLine(sealer),
    registrationLine(one, sealer),
    ...all.map((each) => appEntry(each, sealer)),
    endOf(1, all.length),
  ];
  const storedApps = async () => (await records.of(APPS).load()).map(revealedApp);

  it.each([
    ['plain', null, NO_KEYS],
    ['sealed', SEALER, new Sealer([OTHER, KEY])],
  ])('come with the registrations of a file that is %s, as they were', async (_what, sealedBy, openedBy) => {
    const file = appsFile([app, other], sealedBy);
    if (sealedBy !== null) expect(file.join('')).not.toMatch(LEAK);
    expect(await imported(file, PLAIN, openedBy)).toEqual({ ...nothing, added: 3 });
    expect(await storedApps()).toEqual([app, other].map(revealedApp));
    await putApp({ ...app, createdAtMs: 1, verifiedAtMs: 2 });
    expect(await imported(file, PLAIN, openedBy)).toEqual({ ...nothing, unchanged: 3 });
    expect(said).toEqual([]);
  });

  it('that differ here are kept, unless they are to be replaced', async () => {
    await putApp({ ...app, name: 'renamed' });
    expect(await imported(appsFile([app]))).toEqual({ ...nothing, added: 1, skipped: 1 });
    const trial = { mayReplace: true, isTrial: true };
    expect(await imported(appsFile(), trial)).toEqual({ ...nothing, unchanged: 1, replaced: 1, added: 1 });
    expect(await storedApps()).toMatchObject([{ name: 'renamed' }]);
    const replacing = { mayReplace: true, isTrial: false };
    expect(await imported(appsFile(), replacing)).toEqual({
      ...nothing,
      unchanged: 1,
      replaced: 1,
      added: 1,
    });
    expect(await storedApps()).toEqual([app, other].map(revealedApp));
  });

  const appWith = (fields: object): string =>
    JSON.stringify({ app: { ...JSON.parse(appEntry(app, null)).app, ...fields } });

  it.each<[string, string | RegExp]>([
    [appWith({ token: 'a b' }), /^token must be 1 to 32 letters/],
    [appWith({ encodingAESKey: null, corpId: 7 }), /^encodingAESKey must be 43.*; corpId must be/],
    [appWith({ receiveIds: [7] }), /^receiveIds must be a list/],
    [appWith({ createdAt: '2026-02-31T00:00:00Z' }), /^createdAt must be a time/],
    [JSON.stringify({ app: [] }), 'app must be an object'],
    [appEntry(app, null), 'this app is on line 2 already'],
  ])('%j are refused by number and field', async (line, fault) => {
    const file = [headerLine(null), appEntry(app, null), line, registrationLine(one, null), endOf(1, 2)];
    expect(await imported(file)).toEqual({ ...nothing, added: 2, failed: 1 });
    expect(said).toHaveLength(1);
    expect(said[0]?.slice('line 3: '.length, -1)).toEqual(
      typeof fault === 'string' ? fault : expect.stringMatching(fault),
    );
    expect(said[0]).not.toMatch(LEAK);
  });

  it('with a sealed secret of another app are refused', async () => {
    const line = JSON.stringify({ app: { ...JSON.parse(appEntry(app, SEALER)).app, id: other.id } });
    expect(await imported([headerLine(SEALER), line, endOf(0, 1)], PLAIN, SEALER)).toEqual({
      ...nothing,
      failed: 1,
    });
    expect(said[0]).toMatch(/^line 2: token cannot be opened/);
  });

  it('that are missing at the end are missed', async () => {
    const file = appsFile();
    expect(await imported(file.toSpliced(2, 1))).toMatchObject({ added: 2, failed: 1 });
    expect(said[0]).toMatch(/does not end as it was exported/);
  });

  it('leave no room for one more than are ever kept', async () => {
    for (let n = 0; n < APPS_MAX; n++) await putApp({ ...app, id: `app ${n}` });
    expect(await imported(appsFile([app]))).toEqual({ ...nothing, added: 1, failed: 1 });
    expect(said[0]).toMatch(/^line 3: There are 1,000 apps/);
  });
});

describe('a first line', () => {
  it.each([
    ['', 'is not that of an exported registry'],
    ['{"format":"other"}', 'is not that of an exported registry'],
    ['{"format":"wxkf-manager-registry","version":2}', 'the file has version 2, and this program reads 1'],
    ['{"format":"wxkf-manager-registry","version":1}', 'does not say whether the secrets are sealed'],
    [headerLine(SEALER), /^the file is sealed with key [0-9a-f]{8}, and SECRETS_KEY is not set;/],
  ])('%j is refused', async (line, fault) => {
    await expect(imported([line, registrationLine(one, null), endOf(1)])).rejects.toThrow(fault);
    expect(table.size).toBe(0);
  });

  it('with a key that is not there names it', async () => {
    const sealed = fileOf([one], SEALER);
    await expect(imported(sealed, PLAIN, new Sealer([OTHER]))).rejects.toThrow(
      /sealed with key [0-9a-f]{8}, which SECRETS_KEY does not have/,
    );
  });
});

describe('a bot in a file', () => {
  const callback = storedBot();
  const puppetBot = storedBot({
    ...{ id: 'bot-2', openKfIds: ['*'], kind: 'puppet', callback: null },
    ...{ takes: 'message', order: 'customer', includesServicer: true, takesMessagesSinceMs: 1_000 },
    paused: true,
    session: { welcome: { text: 'Hello' }, people: { keywords: ['人工'], to: 'pool' } },
  });
  const noKeys = { token: '', encodingAESKey: '' };
  const jsonBot = storedBot({
    ...{ id: 'bot-3', openKfIds: ['wkJson'], takes: 'message', takesMessagesSinceMs: 1_000 },
    callback: { receiveId: 'wwCorp_1', timeoutMs: 4_000, form: 'json' },
    secrets: secretsText(noKeys),
  });
  const agentBot = storedBot({
    ...{ id: 'bot-4', openKfIds: ['wkAgent'], kind: 'agent', callback: null },
    ...{ takes: 'message', order: 'customer', takesMessagesSinceMs: 1_000 },
    agent: { ...AGENT_DEFAULTS, form: 'dify', url: 'https://api.dify.ai/v1', fallback: 'Wait' },
    secrets: secretsText({ ...noKeys, url: '', headers: {}, agentKey: 'app-secret-key' }),
  });
  const all = [callback, puppetBot, jsonBot, agentBot];
  const file = (sealer: Sealer | null, bots: readonly StoredBot[] = all) => [
    headerLine(sealer),
    ...bots.map((bot) => botEntry(bot, sealer)),
    endOf(0, 0, bots.length),
  ];
  const kept = async () => (await storedBots()).map((bot) => ({ ...revealedBot(bot), revision: '' }));

  it.each([
    ['plain', null, NO_KEYS],
    ['sealed', SEALER, SEALER],
  ])(
    'that is %s comes with its keys and secrets, and is imported once',
    async (_what, sealedBy, openedBy) => {
      if (sealedBy !== null)
        expect(file(sealedBy).join('')).not.toMatch(/botToken1|corp-secret|0191|app-secret/);
      expect(await imported(file(sealedBy), PLAIN, openedBy)).toEqual({ ...nothing, added: 4 });
      expect(await kept()).toEqual(all.map((bot) => ({ agent: null, ...revealedBot(bot), revision: '' })));
      expect(await imported(file(sealedBy), PLAIN, openedBy)).toEqual({ ...nothing, unchanged: 4 });
    },
  );

  it('that an earlier version exported takes events as callbacks, unpaused, and has no signing secret', async () => {
    const { bot } = JSON.parse(botEntry(callback, null));
    const { takes: _1, order: _2, include: _3, since: _4, paused: _5, session: _6, ...old } = bot;
    delete old.callback.form;
    const { signingSecret: _signing, ...secrets } = JSON.parse(old.secrets);
    const line = JSON.stringify({ bot: { ...old, secrets: JSON.stringify(secrets) } });
    expect(await imported([headerLine(null), line, endOf(0, 0, 1)])).toEqual({ ...nothing, added: 1 });
    expect(await kept()).toEqual([
      { ...revealedBot(callback), agent: null, secrets: JSON.stringify(secrets), revision: '' },
    ]);
  });

  it('replaces another one with its id when that was asked for', async () => {
    await imported(file(null));
    const renamed = file(null, [{ ...callback, name: 'renamed' }]);
    expect(await imported(renamed)).toEqual({ ...nothing, skipped: 1 });
    expect(await imported(renamed, { ...PLAIN, mayReplace: true })).toEqual({ ...nothing, replaced: 1 });
    expect((await findBot(callback))?.name).toBe('renamed');
  });

  it('is refused with the account of another bot, and by field', async () => {
    await imported(file(null));
    expect(await imported(file(null, [{ ...callback, id: 'bot-3' }]))).toMatchObject({ failed: 1 });
    expect(said.join('')).toMatch(/line 2: Another bot has this account/);
    const broken = botEntry(callback, null).replace('"kind":"callback"', '"kind":"other"');
    expect(await imported([headerLine(null), broken, endOf(0, 0, 1)])).toMatchObject({ failed: 1 });
    expect(said.join('')).toMatch(/line 2: kind must be one of callback, puppet/);
  });

  it('is unchanged in whatever order the store has its fields', async () => {
    const { id, corpId, ...others } = callback;
    await records.of(BOTS).add({ ...others, corpId, id });
    const both = { ...PLAIN, mayReplace: true };
    expect(await imported(file(null, [callback]), both)).toEqual({ ...nothing, unchanged: 1 });
    expect((await findBot(callback))?.revision).toBe(callback.revision);
  });

  it('is seen by running managers when it replaces one that was imported', async () => {
    await imported(file(null));
    const policy = new EndpointPolicy(loadConfig({}));
    const known = new KnownBots(
      policy,
      records,
      new RegistryImage(policy, new KnownCorps()),
      new AccountHistories(),
    );
    await known.load();
    await imported(file(null, [{ ...callback, name: 'renamed' }]), { ...PLAIN, mayReplace: true });
    await known.read();
    expect(known.find(callback.id)?.name).toBe('renamed');
  });

  describe.each([
    ['is written', false],
    ['is tried', true],
  ])('that %s', (_what, isTrial) => {
    const moved = { ...callback, openKfIds: ['wkC'] };
    const heir = storedBot({ id: 'bot-3' });

    beforeEach(async () => {
      await imported(file(null, [callback]));
    });

    it('fails with the account of one that was skipped', async () => {
      const counts = await imported(file(null, [moved, heir]), { mayReplace: false, isTrial });
      expect(counts).toEqual({ ...nothing, skipped: 1, failed: 1 });
      expect(said.join('')).toMatch(/^line 3: Another bot has this account/);
      expect((await storedBots()).map(({ id }) => id)).toEqual([callback.id]);
    });

    it('has the account that one before it gives away', async () => {
      const counts = await imported(file(null, [moved, heir]), { mayReplace: true, isTrial });
      expect(counts).toEqual({ ...nothing, replaced: 1, added: 1 });
      expect(await storedBots()).toHaveLength(isTrial ? 1 : 2);
    });
  });

  it.each([
    ['an account', storedBot({ id: 'bot-9' }), /^line 2: Another bot has this account/],
    ['its place', { ...callback, name: 'theirs', revision: 'theirs' }, /^line 2: Somebody else/],
  ])(
    'fails when another process takes %s meanwhile, and is not counted as there',
    async (_what, theirs, fault) => {
      if (theirs.id === callback.id) await imported(file(null, [{ ...callback, name: 'before' }]));
      const others = new MemoryRecords(records.data).of(BOTS);
      let isFirst = true;
      records.meanwhile = async (what, kind) => {
        if (what === 'write' && kind === BOTS.name && isFirst) {
          isFirst = false;
          await others.change(theirs.id, () => theirs);
        }
      };
      const counts = await imported(file(null, [callback]), { ...PLAIN, mayReplace: true });
      expect(counts).toEqual({ ...nothing, failed: 1 });
      expect(said.join('')).toMatch(fault);
    },
  );

  const MESSAGES = { takes: 'message', since: '2026-01-31T08:00:00.000Z' };
  const { url, token, ...otherSecrets } = JSON.parse(callback.secrets.reveal());
  const withSecrets = (secrets: object) => ({
    secrets: JSON.stringify({ url, token, ...otherSecrets, ...secrets }),
  });

  it.each<[what: string, fields: object, fault: string]>([
    ['a short key', withSecrets({ encodingAESKey: 'short' }), 'callback.encodingAESKey must be 43 letters'],
    ['no token', withSecrets({ token: '' }), 'callback.token must be 1 to 32 letters'],
    ['no URL', withSecrets({ url: '' }), 'callback.url must be a URL'],
    [
      'a header of the manager',
      withSecrets({ headers: { host: 'x' } }),
      'callback.headers must not have host',
    ],
    ['a corpSecret with a blank', withSecrets({ corpSecret: 'a b' }), 'corpSecret must be the secret'],
    ['a URL that is a number', withSecrets({ url: 5 }), 'secrets must be the secrets of the bot as JSON'],
    [
      'too much time',
      { callback: { receiveId: 'ww', timeoutMs: 60_000 } },
      'callback.timeoutMs must be a whole',
    ],
    [
      'events in JSON',
      { callback: { receiveId: 'ww', timeoutMs: 4_000, form: 'json' } },
      'callback.form must be wecom',
    ],
    [
      'an unknown form',
      { callback: { receiveId: 'ww', timeoutMs: 4_000, form: 'xml' } },
      'callback.form must be one of',
    ],
    ['no receiver', { callback: { timeoutMs: 4_000 } }, 'callback.receiveId must be an id'],
    ['messages that begin at no time', { takes: 'message' }, 'since must be given for a bot that takes'],
    ['messages that nobody can pull', { api: 'tunnel', ...MESSAGES }, 'api must be manager'],
    [
      'messages and no corpSecret',
      { ...withSecrets({ corpSecret: '' }), ...MESSAGES },
      'corpSecret is missing',
    ],
    [
      'messages and no signing secret',
      { ...withSecrets({ signingSecret: '' }), ...MESSAGES },
      'signingSecret is missing, which signs messages',
    ],
    ['something included', { ...MESSAGES, include: ['others'] }, 'include must be a list of servicer'],
    ['a short signing secret', withSecrets({ signingSecret: 'whsec_eA==' }), 'signingSecret must be'],
    ['a key that is none', { keys: [null] }, 'keys must be hashes'],
    ['a key without its end', { keys: [{ hash: 'h' }] }, 'keys must be hashes'],
  ])('with %s is refused by field', async (_what, fields, fault) => {
    const { bot } = JSON.parse(botEntry(callback, null));
    const line = JSON.stringify({ bot: { ...bot, ...fields } });
    expect(await imported([headerLine(null), line, endOf(0, 0, 1)])).toEqual({ ...nothing, failed: 1 });
    expect(said.join('')).toMatch(`line 2: ${fault}`);
    expect(await storedBots()).toEqual([]);
  });
});

it('a puppet without callback keys is imported without them', async () => {
  const without = { ...one, callbackToken: new Secret(''), encodingAESKey: new Secret('') };
  expect(await imported(fileOf([without]))).toEqual({ ...nothing, added: 1 });
  expect(stored('wk1')).toEqual(revealed(without));
});
