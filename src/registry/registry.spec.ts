import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { FakeSecretCheck } from '../../test/support/fake-secret-check.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import { registeredPuppet, registration, saved } from '../../test/support/puppets.js';
import { openRegistry, type TestRegistry } from '../../test/support/registry.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { secretIdOf } from '../kernel/secret-id.js';
import type { Puppet, Registration } from '../storage/puppets/puppet.js';
import type { NewRegistration } from './registration/registration-writer.js';

const REFRESH_MS = 2_000;
const SWEEP_MS = 60_000;

/** A database that can be down, and that counts how often it is asked. */
class OutageRepository extends MemoryPuppetRepository {
  isDown = false;
  reads = 0;

  override load() {
    this.#ask();
    return super.load();
  }

  override find(openKfId: string) {
    this.#ask();
    return super.find(openKfId);
  }

  override listByCorp(corpId: string, limit: number) {
    this.#ask();
    return super.listByCorp(corpId, limit);
  }

  override async changes(cursor: string | null) {
    if (this.isDown) throw new AppError('STORE_UNAVAILABLE');
    return super.changes(cursor);
  }

  #ask(): void {
    this.reads++;
    if (this.isDown) throw new AppError('STORE_UNAVAILABLE');
  }
}

let clock: ManualClock;
let table: PuppetTable;
let repository: OutageRepository;
let registry: TestRegistry;
let secrets: FakeSecretCheck;
let lines: string[];

beforeEach(async () => {
  clock = new ManualClock();
  table = new Map();
  lines = [];
  secrets = new FakeSecretCheck();
  repository = new OutageRepository(table);
  registry = open(repository);
});

afterEach(() => registry.close());

function open(on: MemoryPuppetRepository): TestRegistry {
  const log = pino({ level: 'trace' }, { write: (line) => lines.push(JSON.parse(line).msg) });
  return openRegistry(clock, { repository: on, secrets, log });
}

async function loaded(): Promise<void> {
  registry.start();
  await clock.advance(0);
}

/** What another replica on the same database does. */
const elsewhere = () => new MemoryPuppetRepository(table);
const endpointHere = (): string | undefined => registry.image.findPuppet('wkAccount-1')?.endpoint;

describe('loading', () => {
  it('knows everything that the store has', async () => {
    await saved(elsewhere());
    await loaded();
    expect(registry.image.isLoaded).toBe(true);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    expect(registry.corps.find('wwCorp_1')?.pairs.size).toBe(1);
  });

  it('waits for a store that is down, says so once in a while, and needs nobody to go on', async () => {
    repository.isDown = true;
    await loaded();
    await clock.advance(14_000);
    expect(lines).toEqual(['registry.load_waiting']);
    await clock.advance(2_000);
    expect(lines).toEqual(['registry.load_waiting', 'registry.load_waiting']);
    expect(registry.image.isLoaded).toBe(false);
    repository.isDown = false;
    await clock.advance(1_000);
    expect(registry.image.isLoaded).toBe(true);
    expect(lines.slice(2)).toEqual(['registry.store_recovered', 'registry.loaded']);
  });

  it('answers no question about what it cannot know yet', async () => {
    await expect(registry.lookUpKeys('wwCorp_1')).rejects.toMatchObject({ code: 'REGISTRY_NOT_LOADED' });
    await expect(registry.accounts.get('wkAccount-1')).rejects.toMatchObject({ code: 'REGISTRY_NOT_LOADED' });
  });
});

describe('a registration', () => {
  it('has its answer noted before the process ends', async () => {
    const { promise: noted, resolve: note } = Promise.withResolvers<void>();
    repository.markAnswered = () => noted;
    (await registry.registrations.register(registration())).answered();
    let hasEnded = false;
    const end = registry.close().then(() => {
      hasEnded = true;
    });
    await clock.advance(0);
    expect(hasEnded).toBe(false);
    note();
    await end;
  });

  it('has WeCom’s acceptance of its secret noted before the process ends', async () => {
    await loaded();
    const { promise: noted, resolve: note } = Promise.withResolvers<null>();
    repository.markAccepted = () => noted;
    (await registry.registrations.register(registration())).answered();
    await clock.advance(0);
    let hasEnded = false;
    const end = registry.close().then(() => {
      hasEnded = true;
    });
    await clock.advance(0);
    expect(hasEnded).toBe(false);
    note(null);
    await end;
  });

  it('is used from the moment in which its answer was written, not before', async () => {
    await loaded();
    const registered = await registry.registrations.register(registration());
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
    registered.answered();
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
  });

  it('is not used early by way of the refresh or a read that finds it in the store', async () => {
    await loaded();
    (await registry.registrations.register(registration())).answered();
    const moving = await registry.registrations.register(registration({ endpoint: 'http://moved' }));
    await clock.advance(REFRESH_MS);
    await registry.reads.reread('wkAccount-1', 1_000);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    moving.answered();
    expect(endpointHere()).toBe('http://moved');
  });

  it('that came later counts, whichever was answered later', async () => {
    await loaded();
    const first = await registry.registrations.register(registration({ endpoint: 'http://first' }));
    const second = await registry.registrations.register(registration({ endpoint: 'http://second' }));
    second.answered();
    first.answered();
    expect(endpointHere()).toBe('http://second');
  });

  it('leaves the earlier one in use when it cannot be stored', async () => {
    await loaded();
    (await registry.registrations.register(registration())).answered();
    repository.save = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await expect(
      registry.registrations.register(registration({ endpoint: 'http://moved' })),
    ).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await clock.advance(REFRESH_MS);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
  });

  it('is not undone by a refresh that read the store before it', async () => {
    await loaded();
    await saved(elsewhere(), { endpoint: 'http://elsewhere' });
    const stale = await repository.changes('0');
    const isRead = Promise.withResolvers<void>();
    repository.changes = async () => {
      await isRead.promise;
      return stale;
    };
    await clock.advance(REFRESH_MS);
    (await registry.registrations.register(registration({ endpoint: 'http://here' }))).answered();
    isRead.resolve();
    await clock.advance(0);
    expect(endpointHere()).toBe('http://here');
  });
});

describe('keys that WeCom has not vouched for', () => {
  const KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C';
  const bring = async (n: number, from: string, fields: Partial<Registration> = {}): Promise<unknown> => {
    const keys = { callbackToken: new Secret(`token${n}`), encodingAESKey: new Secret(KEY) };
    const made = registration({ openKfId: `wk-${n}`, corpId: `ww${n}`, from, ...keys, ...fields });
    try {
      (await registry.registrations.register(made)).answered();
    } catch (error) {
      return (error as AppError).code;
    }
    return 'taken';
  };
  const silent = { unknown: 'it is silent', retryAfterS: 7 };

  beforeEach(async () => {
    await loaded();
    secrets.verdict = silent;
    for (let n = 0; n < 256; n++) expect(await bring(n, `2001:db8:1:1::${n + 1}`)).toBe('taken');
    await clock.advance(0);
  });

  it('are no more than 256 of one address, IPv6 by the /64, and none are then taken without WeCom’s word', async () => {
    expect(await bring(256, '2001:db8:1:1:ffff::1')).toBe('REGISTRY_TOO_MANY_UNPROVEN');
    secrets.verdict = 'refused';
    expect(await bring(256, '2001:db8:1:1:ffff::1')).toBe('REGISTRY_TOO_MANY_UNPROVEN');
    expect(await repository.find('wk-256')).toBeNull();
    expect(await bring(256, '2001:db8:1:2::1')).toBe('taken');
    secrets.verdict = 'accepted';
    expect(await bring(257, '2001:db8:1:1:ffff::1')).toBe('taken');
  });

  it('are no more where many registrations come at once', async () => {
    await registry.accounts.forget('wk-0', { from: '10.0.0.1', requestId: 'request-1' });
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => bring(300 + n, '2001:db8:1:1::1')));
    expect(all.filter((one) => one === 'taken')).toHaveLength(1);
    expect(await bring(0, '2001:db8:1:1::1')).toBe('REGISTRY_TOO_MANY_UNPROVEN');
    await registry.accounts.forget('wk-1', { from: '10.0.0.1', requestId: 'request-2' });
    expect(await bring(0, '2001:db8:1:1::1')).toBe('taken');
  });

  it('count once, however many accounts have them, and not once WeCom has accepted a secret of theirs', async () => {
    const shared = { corpId: 'ww7', callbackToken: new Secret('token7') };
    expect(await bring(256, '2001:db8:1:1::1', shared)).toBe('taken');
    expect(await bring(257, '2001:db8:1:1::1')).toBe('REGISTRY_TOO_MANY_UNPROVEN');
    secrets.grant({ corpId: 'ww7', corpSecret: registration().corpSecret });
    await clock.advance(0);
    expect(await bring(257, '2001:db8:1:1::1')).toBe('taken');
  });
});

describe('a registration of an account that is known', () => {
  const RENEWED = { corpSecret: new Secret('renewed') };
  const codeOf = (error: unknown): unknown => (error instanceof AppError ? error.code : error);
  const registered = async (fields: Partial<Registration> = {}): Promise<unknown> => {
    const result = await registry.registrations
      .register(registration({ endpoint: 'http://moved', ...fields }))
      .catch(codeOf);
    if (typeof result === 'string') return result;
    (result as NewRegistration).answered();
    await clock.advance(0);
    return (result as NewRegistration).puppet.endpoint;
  };

  beforeEach(async () => {
    await loaded();
    (await registry.registrations.register(registration())).answered();
    await clock.advance(0);
    secrets.asked.length = 0;
    repository.reads = 0;
  });

  it('as it was costs no read and no question', async () => {
    secrets.verdict = 'refused';
    expect(await registered()).toBe('http://moved');
    expect([repository.reads, secrets.asked]).toEqual([0, []]);
  });

  it('asks for the new secret, in the name of who registers and for 5 s, and says that it was accepted', async () => {
    expect(await registered({ ...RENEWED, from: '10.0.0.7' })).toBe('http://moved');
    expect(secrets.asked).toMatchObject([
      { corpId: 'wwCorp_1', ...RENEWED, from: '10.0.0.7', limitMs: 5_000 },
    ]);
    expect(await repository.find('wkAccount-1')).toMatchObject({
      acceptedSecretId: secretIdOf('wwCorp_1', RENEWED.corpSecret),
    });
  });

  it.each([
    ['refused', 'refused', 'REGISTRY_SECRET_REFUSED'],
    ['unknown', { unknown: 'it is silent', retryAfterS: 7 }, 'REGISTRY_SECRET_UNVERIFIED'],
  ] as const)('changes nothing where the new secret is %s', async (_what, verdict, code) => {
    secrets.verdict = verdict;
    const before = await repository.find('wkAccount-1');
    expect(await registered(RENEWED)).toBe(code);
    expect(await repository.find('wkAccount-1')).toEqual(before);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    expect(registry.underWay.whenOver('wkAccount-1')).toBeNull();
  });

  it('holds nothing up while WeCom is asked', async () => {
    const verdict = Promise.withResolvers<'accepted'>();
    secrets.verdict = verdict.promise;
    const registering = registered(RENEWED);
    await clock.advance(0);
    expect([registry.underWay.whenOver('wkAccount-1'), endpointHere()]).toEqual([
      null,
      'http://puppet:8080/bot-7',
    ]);
    verdict.resolve('accepted');
    expect(await registering).toBe('http://moved');
  });

  it('is refused for another corp, and no secret is asked for', async () => {
    expect(await registered({ corpId: 'wwCorp_2' })).toBe('REGISTRY_ACCOUNT_OF_OTHER_CORP');
    expect(secrets.asked).toEqual([]);
    expect(lines).toContain('registry.takeover_refused');
  });

  it('is judged by the store where memory is behind', async () => {
    await elsewhere().forget('wkAccount-1');
    expect(await registered({ corpId: 'wwCorp_2' })).toBe('http://moved');
    await saved(elsewhere(), { corpId: 'wwCorp_3' });
    expect(await registered({ corpId: 'wwCorp_2' })).toBe('REGISTRY_ACCOUNT_OF_OTHER_CORP');
  });

  it('that another one overtakes while WeCom is asked is judged again', async () => {
    const verdict = Promise.withResolvers<'accepted'>();
    secrets.verdict = verdict.promise;
    const registering = registered(RENEWED);
    await clock.advance(0);
    await saved(elsewhere(), { corpId: 'wwCorp_2' });
    verdict.resolve('accepted');
    expect(await registering).toBe('REGISTRY_ACCOUNT_OF_OTHER_CORP');
    expect(await repository.find('wkAccount-1')).toMatchObject({ corpId: 'wwCorp_2' });
    expect(registry.underWay.whenOver('wkAccount-1')).toBeNull();
  });

  it('counts one without a secret, as 1.0.3 may leave it, as one with another', async () => {
    await saved(elsewhere(), { corpSecret: new Secret('') });
    await clock.advance(REFRESH_MS);
    secrets.verdict = 'refused';
    expect(await registered()).toBe('REGISTRY_SECRET_REFUSED');
    secrets.verdict = 'accepted';
    expect(await registered()).toBe('http://moved');
  });

  it('changes nothing where the store cannot be asked', async () => {
    repository.isDown = true;
    expect(await registered(RENEWED)).toBe('STORE_UNAVAILABLE');
    expect(registry.underWay.whenOver('wkAccount-1')).toBeNull();
  });
});

describe('a secret', () => {
  const isTrusted = (corpId = 'wwCorp_1') =>
    [...(registry.corps.find(corpId)?.pairs.values() ?? [])].map((pair) => pair.isTrusted);
  const notedIds = () => [...table.values()].map(({ puppet }) => puppet.acceptedSecretId);
  const ID = secretIdOf('wwCorp_1', registration().corpSecret);
  const UNKNOWN = { unknown: 'it is silent', retryAfterS: 7 };

  async function register(fields: Partial<Registration> = {}): Promise<void> {
    (await registry.registrations.register(registration(fields))).answered();
    await clock.advance(0);
  }

  beforeEach(loaded);

  it('is asked for after the answer, once, and noted where WeCom accepts it', async () => {
    const pending = await registry.registrations.register(registration());
    expect(secrets.asked).toEqual([]);
    pending.answered();
    await clock.advance(0);
    expect([secrets.asked.length, isTrusted(), notedIds()]).toEqual([1, [true], [ID]]);
  });

  it('that was accepted is not asked for again, and noted with each account that registers with it', async () => {
    await register();
    await register();
    await register({ openKfId: 'wkAccount-2' });
    expect([secrets.asked.length, notedIds()]).toEqual([1, [ID, ID]]);
  });

  it.each([
    ['refused', 'refused', 'registry.secret_refused'],
    ['unknown', UNKNOWN, 'registry.secret_unverified'],
  ] as const)(
    'that is %s leaves its account served and its keys untrusted, with a line',
    async (_what, verdict, line) => {
      secrets.verdict = verdict;
      await register();
      expect([endpointHere(), isTrusted(), notedIds()]).toEqual([
        'http://puppet:8080/bot-7',
        [false],
        [null],
      ]);
      expect(lines).toContain(line);
    },
  );

  it('counts as accepted when anybody got a token for it, for all who have it', async () => {
    secrets.verdict = UNKNOWN;
    await register();
    await register({ openKfId: 'wkAccount-2', callbackToken: new Secret('another') });
    secrets.grant({ corpId: 'wwCorp_2', corpSecret: registration().corpSecret });
    await clock.advance(0);
    expect(isTrusted()).toEqual([false, false]);
    secrets.grant(registration());
    await clock.advance(0);
    expect(isTrusted()).toEqual([true, true]);
    expect(notedIds().filter((id) => id !== null)).toEqual([ID]);
  });

  it('that another replica noted as accepted makes the keys trusted with the next refresh', async () => {
    secrets.verdict = UNKNOWN;
    await register();
    await elsewhere().markAccepted('wkAccount-1', ID, () => true);
    await clock.advance(REFRESH_MS);
    expect(isTrusted()).toEqual([true]);
  });

  it('that could not be noted is asked for again when it matters', async () => {
    repository.markAccepted = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await register();
    expect(isTrusted()).toEqual([false]);
    Reflect.deleteProperty(repository, 'markAccepted');
    const [pair] = registry.corps.find('wwCorp_1')?.pairs.values() ?? [];
    if (pair === undefined) throw new Error('no pair');
    expect(await registry.proofs.prove(pair, 1_000, null)).toBe('accepted');
    await clock.advance(0);
    expect(isTrusted()).toEqual([true]);
  });

  it('is not brought back into use by being noted while its account registers with another', async () => {
    secrets.verdict = UNKNOWN;
    await register();
    secrets.verdict = 'accepted';
    const moving = await registry.registrations.register(
      registration({ endpoint: 'http://moved', corpSecret: new Secret('renewed') }),
    );
    secrets.grant(registration());
    await clock.advance(0);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    moving.answered();
    await clock.advance(0);
    expect(endpointHere()).toBe('http://moved');
    expect(notedIds()).toEqual([secretIdOf('wwCorp_1', new Secret('renewed'))]);
  });
});

describe('a forgotten account', () => {
  const ASKED = { from: '10.0.0.9', requestId: 'request-1' };

  beforeEach(async () => {
    await loaded();
    (await registry.registrations.register(registration())).answered();
    await clock.advance(0);
  });

  it('is gone, and its keys with it', async () => {
    await registry.accounts.forget('wkAccount-1', ASKED);
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
    expect(registry.corps.find('wwCorp_1')).toBeNull();
    expect(lines.at(-1)).toBe('registry.forgotten');
    await expect(registry.accounts.forget('wkAccount-1', ASKED)).rejects.toMatchObject({
      code: 'REGISTRY_PUPPET_NOT_FOUND',
    });
  });

  it('that another replica was told to forget is gone with the next refresh', async () => {
    await elsewhere().forget('wkAccount-1');
    await clock.advance(REFRESH_MS);
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
  });

  it('is not brought back by a read that began before', async () => {
    const stale = await repository.changes('0');
    const isRead = Promise.withResolvers<void>();
    repository.changes = async () => {
      await isRead.promise;
      return stale;
    };
    await clock.advance(REFRESH_MS);
    await registry.accounts.forget('wkAccount-1', ASKED);
    isRead.resolve();
    await clock.advance(0);
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
  });

  it('stays what the store made of it where it registers at the same moment', async () => {
    const forget = repository.forget.bind(repository);
    const isStored = Promise.withResolvers<void>();
    repository.forget = async (openKfId) => {
      await isStored.promise;
      return forget(openKfId);
    };
    const forgetting = registry.accounts.forget('wkAccount-1', ASKED);
    const registering = await registry.registrations.register(registration({ endpoint: 'http://moved' }));
    isStored.resolve();
    await forgetting;
    registering.answered();
    await clock.advance(0);
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
  });

  it('is known again when it registers again', async () => {
    await registry.accounts.forget('wkAccount-1', ASKED);
    (await registry.registrations.register(registration({ corpId: 'wwCorp_2' }))).answered();
    await clock.advance(REFRESH_MS);
    expect(registry.image.findPuppet('wkAccount-1')).toMatchObject({ corpId: 'wwCorp_2' });
  });
});

describe('a write whose outcome is not certain', () => {
  it('is read again at once where it failed, since the store may have it', async () => {
    await loaded();
    (await registry.registrations.register(registration())).answered();
    repository.save = async () => {
      await saved(elsewhere(), { endpoint: 'http://moved' });
      throw new AppError('STORE_UNAVAILABLE');
    };
    await expect(registry.registrations.register(registration())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await clock.advance(0);
    expect(endpointHere()).toBe('http://moved');
  });

  it('is read again where another one was under way, since the store may have taken them in any order', async () => {
    await loaded();
    const first = await registry.registrations.register(registration({ endpoint: 'http://first' }));
    const second = await registry.registrations.register(registration({ endpoint: 'http://second' }));
    await saved(elsewhere(), { endpoint: 'http://first' });
    first.answered();
    second.answered();
    await clock.advance(0);
    expect(endpointHere()).toBe('http://first');
  });
});

describe('what others write', () => {
  it('is taken in whole, in however many batches it is told', async () => {
    await loaded();
    for (let n = 0; n < 35; n++) await saved(elsewhere(), { openKfId: `wk-${n}` });
    await clock.advance(REFRESH_MS);
    expect(registry.image.size).toBe(35);
  });

  it('is found by the sweep though the refresh fails', async () => {
    await loaded();
    await saved(elsewhere());
    repository.changes = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await clock.advance(SWEEP_MS + REFRESH_MS);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
  });

  it('is known within 2 s', async () => {
    await loaded();
    await saved(elsewhere());
    await clock.advance(REFRESH_MS);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    await elsewhere().markOffline({ openKfId: 'wkAccount-1', corpId: 'wwCorp_1' }, 0);
    await clock.advance(REFRESH_MS);
    expect(registry.image.findPuppet('wkAccount-1')).toMatchObject({ online: false });
    await elsewhere().forget('wkAccount-1');
    await clock.advance(REFRESH_MS);
    expect(registry.image.findPuppet('wkAccount-1')).toBeNull();
  });

  it('is found within a minute where the changes do not tell it, deletions included', async () => {
    await saved(elsewhere(), { openKfId: 'wkDeleted' });
    await saved(elsewhere());
    await loaded();
    table.delete('wkDeleted');
    const record = table.get('wkAccount-1');
    if (record)
      table.set('wkAccount-1', { ...record, puppet: { ...record.puppet, endpoint: 'http://by-1.0.3' } });
    await clock.advance(SWEEP_MS + REFRESH_MS);
    expect(registry.image.findPuppet('wkDeleted')).toBeNull();
    expect(endpointHere()).toBe('http://by-1.0.3');
  });

  it('is not waited for when the store is down: what is known stays known, and it goes on by itself', async () => {
    await saved(elsewhere());
    await loaded();
    repository.isDown = true;
    await clock.advance(10 * REFRESH_MS);
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
    expect(lines.filter((line) => line === 'registry.refresh_failed')).toHaveLength(2);
    await saved(elsewhere(), { endpoint: 'http://moved' });
    repository.isDown = false;
    await clock.advance(REFRESH_MS);
    expect(endpointHere()).toBe('http://moved');
    expect(lines.at(-1)).toBe('registry.store_recovered');
  });
});

describe('the sweep', () => {
  /** Begins one; what it reads of the store now, by that method, it gets to see with the release. */
  async function beginSweep(by: 'load' | 'find'): Promise<() => Promise<void>> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stale = new MemoryPuppetRepository(table);
    if (by === 'load') {
      repository.load = async function* () {
        for await (const puppets of stale.load()) {
          await promise;
          yield puppets;
        }
      };
    } else {
      repository.find = async (openKfId) => {
        const puppet = await stale.find(openKfId);
        await promise;
        return puppet;
      };
    }
    // Else the refresh that follows would make good what the sweep did.
    repository.changes = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    await clock.advance(SWEEP_MS);
    return async () => {
      resolve();
      await clock.advance(0);
    };
  }

  it('undoes no registration or goodbye of this process that came while it read', async () => {
    for (const openKfId of ['wkMoved', 'wkGone', 'wkStill']) await saved(elsewhere(), { openKfId });
    await loaded();
    table.set('wkStill', { puppet: registeredPuppet({ openKfId: 'wkStill', name: 'read' }), writtenAs: 0 });
    const endSweep = await beginSweep('load');
    (
      await registry.registrations.register(registration({ openKfId: 'wkMoved', endpoint: 'http://moved' }))
    ).answered();
    (await registry.registrations.register(registration({ openKfId: 'wkNew' }))).answered();
    await registry.presence.deregister({ openKfId: 'wkGone', corpId: 'wwCorp_1' });
    await endSweep();
    expect(registry.image.findPuppet('wkMoved')).toMatchObject({ endpoint: 'http://moved' });
    expect(registry.image.findPuppet('wkNew')).not.toBeNull();
    expect(registry.image.findPuppet('wkGone')).toMatchObject({ online: false });
    expect(registry.image.findPuppet('wkStill')).toMatchObject({ name: 'read' });
  });

  it('forgets no account that another process brings back while it reads', async () => {
    await saved(elsewhere());
    await loaded();
    table.clear();
    const endSweep = await beginSweep('load');
    await saved(elsewhere());
    await endSweep();
    expect(endpointHere()).toBe('http://puppet:8080/bot-7');
  });

  it.each([
    ['was answered', true],
    ['is under way', false],
  ])('forgets no account whose new registration %s while it asks for that one', async (_what, isAnswered) => {
    await saved(elsewhere());
    await saved(elsewhere(), { openKfId: 'wkGone' });
    await loaded();
    table.clear();
    const endSweep = await beginSweep('find');
    const registered = await registry.registrations.register(registration({ endpoint: 'http://back' }));
    if (isAnswered) registered.answered();
    await endSweep();
    expect(endpointHere()).toBe(isAnswered ? 'http://back' : 'http://puppet:8080/bot-7');
    expect(registry.image.findPuppet('wkGone')).toBeNull();
  });
});

describe('what is unknown', () => {
  it('costs one read, and none again until the next refresh', async () => {
    await loaded();
    repository.reads = 0;
    for (const _time of [1, 2, 3]) {
      expect(await registry.lookUpKeys('wwNobody')).toBeNull();
      expect(await registry.lookUpPuppet('wkNobody')).toBeNull();
    }
    expect(repository.reads).toBe(2);
    await clock.advance(REFRESH_MS);
    await registry.lookUpKeys('wwNobody');
    expect(repository.reads).toBe(3);
  });

  it('is found at once when another replica has it', async () => {
    await loaded();
    await saved(elsewhere());
    expect((await registry.lookUpKeys('wwCorp_1'))?.pairs.size).toBe(1);
    expect(await registry.accounts.get('wkAccount-1')).toMatchObject({ corpId: 'wwCorp_1' });
  });

  it('is not called unknown while the store cannot be asked', async () => {
    await loaded();
    repository.isDown = true;
    await expect(registry.lookUpKeys('wwNobody')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is asked for again while the store cannot be, whatever was known before', async () => {
    await loaded();
    expect(await registry.lookUpPuppet('wkNobody')).toBeNull();
    repository.isDown = true;
    await clock.advance(REFRESH_MS);
    await expect(registry.lookUpPuppet('wkNobody')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('never makes a flood of reads, and what another replica has is found beyond them', async () => {
    await loaded();
    repository.reads = 0;
    for (let n = 0; n < 10_000; n++) expect(await registry.lookUpPuppet(`wk-${n}`)).toBeNull();
    await saved(elsewhere());
    expect(await registry.lookUpPuppet('wk-10000')).toBeNull();
    expect(await registry.accounts.get('wkAccount-1')).toMatchObject({ corpId: 'wwCorp_1' });
    expect((await registry.lookUpKeys('wwCorp_1'))?.pairs.size).toBe(1);
    expect(repository.reads).toBe(10_000);
    await clock.advance(REFRESH_MS);
    expect(await registry.lookUpPuppet('wk-10000')).toBeNull();
    expect(repository.reads).toBe(10_001);
  });

  it('holds up nothing that another replica has, however many are asked for at a time', async () => {
    await loaded();
    const { promise, resolve } = Promise.withResolvers<null>();
    repository.find = () => promise;
    const unknown = Array.from({ length: 100 }, (_, n) => registry.lookUpPuppet(`wk-${n}`));
    await saved(elsewhere());
    expect(await registry.accounts.get('wkAccount-1')).toMatchObject({ corpId: 'wwCorp_1' });
    resolve(null);
    expect(await Promise.all(unknown)).toEqual(unknown.map(() => null));
  });

  it('is not called unknown in a flood either while the store cannot be asked', async () => {
    await loaded();
    for (let n = 0; n < 10_000; n++) await registry.lookUpPuppet(`wk-${n}`);
    repository.isDown = true;
    await expect(registry.lookUpPuppet('wk-10000')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('costs no read where nobody else writes', async () => {
    const alone = new OutageRepository(table);
    Object.defineProperty(alone, 'isShared', { value: false });
    const single = open(alone);
    single.start();
    await clock.advance(0);
    alone.reads = 0;
    expect(await single.lookUpPuppet('wkNobody')).toBeNull();
    expect(await single.lookUpKeys('wwNobody')).toBeNull();
    await single.reads.reread('wkNobody', 1_000);
    expect(await single.reads.catchUp()).toBe(false);
    expect(alone.reads).toBe(0);
    await single.close();
  });
});

it('keeps up with a random history of writes here and elsewhere', async () => {
  await loaded();
  for (let n = 0; n < 500; n++) {
    const openKfId = `wk-${n % 7}`;
    const endpoint = `http://host-${n}`;
    if (n % 3 === 0) await saved(elsewhere(), { openKfId, endpoint });
    else if (n % 5 === 0) await registry.presence.deregister({ openKfId, corpId: 'wwCorp_1' });
    else if (n % 13 === 0) await elsewhere().forget(openKfId);
    else if (n % 17 === 0)
      await registry.accounts.forget(openKfId, { from: '', requestId: '' }).catch(() => {});
    else (await registry.registrations.register(registration({ openKfId, endpoint }))).answered();
    if (n % 11 === 0) await clock.advance(REFRESH_MS);
  }
  await clock.advance(REFRESH_MS);
  const stored = [...table.values()].filter((row) => !row.isForgotten).map(({ puppet }): Puppet => puppet);
  for (const puppet of stored) expect(registry.image.findPuppet(puppet.openKfId)).toEqual(puppet);
  expect(registry.image.size).toBe(stored.length);
});
