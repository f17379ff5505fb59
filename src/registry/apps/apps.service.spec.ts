import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { revealedApp, storedApp } from '../../../test/support/apps.js';
import { FakeSecretCheck } from '../../../test/support/fake-secret-check.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { registration } from '../../../test/support/puppets.js';
import type { Config } from '../../config/config.js';
import { loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { CALLBACK_TOKEN_FORMAT, ENCODING_AES_KEY_FORMAT } from '../../kernel/wecom-format.js';
import { APPS, APPS_MAX, appKey, verifiedAt } from './app.js';
import { toNewApp } from './app.dto.js';
import type { AppsService } from './apps.service.js';

const ASKING = { from: '10.0.0.9', requestId: 'request-1' };
const PAIR = {
  callbackToken: new Secret('callbackToken1'),
  encodingAESKey: new Secret('jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'),
};
const NEW = { corpId: 'ww1', name: 'new', receiveIds: ['suite'] };

/** A store whose next answers can be held back, or whose writes fail. */
class HeldApps extends MemoryRecords {
  #held: PromiseWithResolvers<void> | null = null;
  failure: Error | null = null;

  /** What is read next comes later, as it was when it was asked for. */
  hold(): () => void {
    this.#held = Promise.withResolvers();
    return this.#held.resolve;
  }

  override meanwhile = async (what: 'read' | 'write', kind: string): Promise<void> => {
    if (kind !== APPS.name) return;
    if (what === 'write' && this.failure !== null) throw this.failure;
    const held = what === 'read' ? this.#held : null;
    if (held !== null) this.#held = null;
    await held?.promise;
  };
}

let clock: ManualClock;
let data: RecordData;
let records: HeldApps;
let registry: TestRegistry;
let apps: AppsService;
let lines: Record<string, unknown>[];

async function open(config: Config = loadConfig({})): Promise<void> {
  const log = pino({ base: null, level: 'trace' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const [puppets, secrets] = [new MemoryPuppetRepository(), new FakeSecretCheck('refused')];
  registry = openRegistry(clock, { repository: puppets, records, secrets, log, config });
  ({ apps } = registry);
  registry.start();
  await clock.advance(0);
}

beforeEach(async () => {
  clock = new ManualClock();
  [data, lines] = [new RecordData(), []];
  records = new HeldApps(data);
  await open();
});

/** What another replica on the same database does. */
const elsewhere = () => new MemoryRecords(data).of(APPS);
const stored = (id: string) => elsewhere().find(id);
const pairsOf = (corpId = 'ww1') => [...(registry.corps.find(corpId)?.pairs.values() ?? [])];
const listed = () => apps.after('', APPS_MAX);
const codeOf = (work: Promise<unknown>) => work.then(String, (error: AppError) => error.code);
const said = (line: string) => lines.filter(({ msg }) => msg === line);

describe('an app', () => {
  it('opens callbacks as soon as it was added, trusted, for its receivers too', async () => {
    const app = await apps.add({ ...NEW, ...PAIR }, ASKING);
    expect(pairsOf()).toMatchObject([{ ...PAIR, isTrusted: true }]);
    expect([...(registry.corps.find('ww1')?.receiveIds ?? [])]).toEqual(['ww1', 'suite']);
    expect(app).toMatchObject({ ...NEW, ...PAIR, createdAtMs: clock.nowMs(), verifiedAtMs: null });
    expect(listed()).toEqual([app]);
    expect(said('app.added')).toMatchObject([{ level: 30, appId: app.id, corpId: 'ww1', ...ASKING }]);
  });

  it('gets a token and a key of WeCom’s form where they are left out, each time new ones', async () => {
    const made = [
      await apps.add(toNewApp(NEW), ASKING),
      await apps.add({ ...NEW, ...PAIR, corpId: 'ww2' }, ASKING),
    ];
    const [first, second] = [
      made[0],
      await apps.add(toNewApp({ ...NEW, encodingAESKey: PAIR.encodingAESKey.reveal() }), ASKING),
    ];
    expect(first?.callbackToken.reveal()).toMatch(CALLBACK_TOKEN_FORMAT.pattern);
    expect(first?.encodingAESKey.reveal()).toMatch(ENCODING_AES_KEY_FORMAT.pattern);
    expect(second.callbackToken.reveal()).not.toBe(first?.callbackToken.reveal());
    expect(second.encodingAESKey.reveal()).toBe(PAIR.encodingAESKey.reveal());
  });

  it('is added once, and once more for another corp', async () => {
    await apps.add({ ...NEW, ...PAIR }, ASKING);
    expect(await codeOf(apps.add({ ...NEW, ...PAIR, name: 'again' }, ASKING))).toBe('APP_EXISTS');
    await apps.add({ ...NEW, ...PAIR, corpId: 'ww2' }, ASKING);
    expect(listed().map(({ name }) => name)).toEqual(['new', 'new']);
  });

  it('that another replica added a moment ago is not added again', async () => {
    await elsewhere().add(storedApp({ ...NEW, ...PAIR }));
    expect(await codeOf(apps.add({ ...NEW, ...PAIR }, ASKING))).toBe('APP_EXISTS');
  });

  it('opens nothing once it was deleted, but where a puppet has its pair, untrusted then', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    const other = await apps.add(toNewApp({ ...NEW, corpId: 'ww2' }), ASKING);
    await (await registry.registrations.register(registration({ corpId: 'ww1', ...PAIR }))).answered();
    await apps.remove(id, ASKING);
    await apps.remove(other.id, ASKING);
    expect([pairsOf().map(({ isTrusted }) => isTrusted), registry.corps.find('ww2')]).toEqual([
      [false],
      null,
    ]);
    expect(said('app.removed')).toMatchObject([{ appId: id, corpId: 'ww1', ...ASKING }, { appId: other.id }]);
    expect(await codeOf(apps.remove(id, ASKING))).toBe('APP_NOT_FOUND');
    expect(await elsewhere().load()).toEqual([]);
  });

  it('is not one too many', async () => {
    for (let n = 1; n < APPS_MAX; n++) await elsewhere().add(storedApp({ ...NEW, corpId: `ww${n}` }));
    await open();
    await apps.add(toNewApp(NEW), ASKING);
    expect(await codeOf(apps.add(toNewApp(NEW), ASKING))).toBe('APPS_FULL');
    await apps.remove(listed()[0]?.id ?? '', ASKING);
    await apps.add(toNewApp(NEW), ASKING);
  });

  it('is not added before it is known which there are', async () => {
    const { apps: unstarted } = openRegistry(clock, { records });
    expect(await codeOf(unstarted.add(toNewApp(NEW), ASKING))).toBe('REGISTRY_NOT_LOADED');
    expect(await codeOf(unstarted.remove('id', ASKING))).toBe('REGISTRY_NOT_LOADED');
  });

  it('that could not be told to be stored, and is, opens callbacks when that is read', async () => {
    records.failure = new AppError('STORE_UNAVAILABLE');
    expect(await codeOf(apps.add({ ...NEW, ...PAIR }, ASKING))).toBe('STORE_UNAVAILABLE');
    expect(registry.corps.find('ww1')).toBeNull();
    await elsewhere().add(storedApp({ ...NEW, ...PAIR }));
    await clock.advance(2_000);
    expect(pairsOf()).toHaveLength(1);
  });
});

it('apps come in pages, those of a corp beside each other', async () => {
  for (const corpId of ['ww2', 'ww1', 'ww2']) await apps.add(toNewApp({ ...NEW, corpId }), ASKING);
  const [first, second, ...others] = listed();
  expect([first, second, ...others].map((app) => app?.corpId)).toEqual(['ww1', 'ww2', 'ww2']);
  expect(apps.after('', 1)).toEqual([first]);
  expect(apps.after(first === undefined ? '' : appKey(first), 1)).toEqual([second]);
  expect(apps.after(second === undefined ? '' : appKey(second), 9)).toEqual(others);
});

describe('what other replicas do', () => {
  const theirs = storedApp({ ...NEW, ...PAIR });

  it('is seen within 2 s', async () => {
    await elsewhere().add(theirs);
    await clock.advance(2_000);
    expect(listed().map(revealedApp)).toEqual([revealedApp(theirs)]);
    await elsewhere().change(theirs.id, (app) => app && verifiedAt(app, 7_000));
    await clock.advance(2_000);
    expect(listed()).toMatchObject([{ verifiedAtMs: 7_000 }]);
    await elsewhere().change(theirs.id, () => ({ ...theirs, name: 'renamed', receiveIds: [] }));
    await clock.advance(2_000);
    expect(listed()).toMatchObject([{ name: 'renamed', receiveIds: [] }]);
    await elsewhere().remove(theirs.id);
    await clock.advance(2_000);
    expect([listed(), registry.corps.find('ww1')]).toEqual([[], null]);
  });

  it('is seen at once by who looks for a corp that is not known, or for other keys of one that is', async () => {
    await elsewhere().add(theirs);
    expect(await registry.lookUpKeys('ww1')).not.toBeNull();
    await elsewhere().add(storedApp({ ...NEW, callbackToken: new Secret('callbackToken2') }));
    await registry.reads.catchUp();
    expect(pairsOf()).toHaveLength(2);
  });

  it('is seen at once by who deletes what they added', async () => {
    await elsewhere().add(theirs);
    await apps.remove(theirs.id, ASKING);
    expect(await elsewhere().load()).toEqual([]);
  });

  it('keeps the pair of an app that stays, and with it its cipher', async () => {
    await elsewhere().add(theirs);
    await clock.advance(2_000);
    const [pair] = pairsOf();
    await elsewhere().change(theirs.id, (app) => app && verifiedAt(app, 7_000));
    await clock.advance(2_000);
    expect(pairsOf()[0]).toBe(pair);
  });
});

describe('a read that began before', () => {
  it('an app was added here does not take it away', async () => {
    const release = records.hold();
    const read = registry.reads.catchUp();
    await clock.advance(0);
    await apps.add({ ...NEW, ...PAIR }, ASKING);
    release();
    await read;
    expect(pairsOf()).toHaveLength(1);
  });

  it('an app was deleted here does not bring it back', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    const release = records.hold();
    const read = registry.reads.catchUp();
    await clock.advance(0);
    await apps.remove(id, ASKING);
    release();
    await read;
    expect(listed()).toEqual([]);
  });
});

describe('a verification', () => {
  it('counts where it is the last one, in whatever order replicas tell of them', async () => {
    const app = storedApp({ ...NEW, ...PAIR });
    await elsewhere().add(app);
    for (const atMs of [5, 7, 6])
      await elsewhere().change(app.id, (before) => before && verifiedAt(before, atMs));
    expect(await stored(app.id)).toMatchObject({ verifiedAtMs: 7 });
  });

  it('is noted for all apps of the corp with the pair, and no others', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    await apps.add(toNewApp(NEW), ASKING);
    await apps.add({ ...NEW, ...PAIR, corpId: 'ww2' }, ASKING);
    apps.noteVerified('ww1', PAIR);
    const verified = listed().filter(({ verifiedAtMs }) => verifiedAtMs !== null);
    expect(verified).toMatchObject([{ id, verifiedAtMs: clock.nowMs() }]);
    await clock.advance(0);
    expect((await stored(id))?.verifiedAtMs).toBe(clock.nowMs());
  });

  it('that is sent again and again is noted once a second', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    const firstMs = clock.nowMs();
    apps.noteVerified('ww1', PAIR);
    await clock.advance(999);
    apps.noteVerified('ww1', PAIR);
    await clock.advance(0);
    expect((await stored(id))?.verifiedAtMs).toBe(firstMs);
    await clock.advance(1);
    apps.noteVerified('ww1', PAIR);
    await clock.advance(0);
    expect((await stored(id))?.verifiedAtMs).toBe(firstMs + 1_000);
  });

  it('that cannot be stored is known here all the same, and harms nobody', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    records.failure = new AppError('STORE_UNAVAILABLE');
    apps.noteVerified('ww1', PAIR);
    await clock.advance(2_000);
    expect(listed()).toMatchObject([{ verifiedAtMs: clock.nowMs() - 2_000 }]);
    expect(said('app.mark_failed')).toMatchObject([{ level: 20, appId: id, corpId: 'ww1' }]);
  });
});

describe('apps of WECOM_APPS_FILE', () => {
  const ofFile = { ...NEW, ...PAIR };

  beforeEach(() => open({ ...loadConfig({}), wecomApps: [ofFile, { ...ofFile, receiveIds: ['provider'] }] }));

  it('are listed among the others, each once, under an id that stays', async () => {
    await apps.add(toNewApp({ ...NEW, corpId: 'ww0' }), ASKING);
    expect(listed()).toMatchObject([
      { corpId: 'ww0' },
      {
        id: expect.stringMatching(/^file-/),
        corpId: 'ww1',
        receiveIds: ['suite', 'provider'],
        createdAtMs: null,
      },
    ]);
    const [, { id } = { id: '' }] = listed();
    await open({ ...loadConfig({}), wecomApps: [{ ...ofFile, name: 'renamed' }] });
    expect(listed().map((app) => app.id)).toContain(id);
  });

  it('are neither deleted nor stored, and not taken away by what is read', async () => {
    const [{ id } = { id: '' }] = listed();
    expect(await codeOf(apps.remove(id, ASKING))).toBe('APP_READ_ONLY');
    await clock.advance(2_000);
    expect([pairsOf().length, await elsewhere().load()]).toEqual([1, []]);
  });

  it('may be added too, and then deleted without an end of theirs', async () => {
    const { id } = await apps.add({ ...NEW, ...PAIR }, ASKING);
    await apps.remove(id, ASKING);
    expect(pairsOf()).toMatchObject([{ isTrusted: true }]);
  });

  it('are known to be verified by this process', async () => {
    apps.noteVerified('ww1', PAIR);
    expect(listed()).toMatchObject([{ verifiedAtMs: clock.nowMs() }]);
  });
});
