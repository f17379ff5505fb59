import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import { secretIdOf } from '../../src/kernel/secret-id.js';
import type { Puppet } from '../../src/storage/puppets/puppet.js';
import type { ChangeCursor, PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { registeredPuppet, registration, revealed, saved } from '../support/puppets.js';

/** One opened repository; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedRepository {
  readonly repository: PuppetRepository;
  reopen(): Promise<OpenedRepository>;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

async function loadAll(repository: PuppetRepository): Promise<Puppet[]> {
  const all: Puppet[] = [];
  for await (const puppets of repository.load()) all.push(...puppets);
  return all;
}

/** Not all at once: the files that run beside this one need their database too. */
async function saveAll(repository: PuppetRepository, openKfIds: readonly string[]): Promise<void> {
  for (let from = 0; from < openKfIds.length; from += 50) {
    const some = openKfIds.slice(from, from + 50);
    await Promise.all(some.map((openKfId) => saved(repository, { openKfId }, NOW_MS)));
  }
}

/** All that there is to tell, in as many batches as it comes. */
async function changesSince(repository: PuppetRepository, since: ChangeCursor) {
  const told = new Set<string>();
  let cursor = since;
  let largest = 0;
  for (let hasMore = true; hasMore;) {
    const changes = await repository.changes(cursor);
    for (const { openKfId } of changes.puppets) told.add(openKfId);
    largest = Math.max(largest, changes.puppets.length);
    ({ cursor, hasMore } = changes);
  }
  return { told, cursor, largest };
}

/** The promises of `PuppetRepository`, for every adapter and every fake of it. */
export function puppetRepositoryContract(open: () => Promise<OpenedRepository>): void {
  describe('a puppet repository', () => {
    let opened: OpenedRepository;
    let repository: PuppetRepository;

    beforeEach(async () => {
      opened = await open();
      repository = opened.repository;
    });

    afterEach(() => opened.close());

    it('gives back a registration as it was saved, online since then', async () => {
      const written = await saved(repository, {}, NOW_MS);
      const expected = revealed(registeredPuppet({ lastOnlineAtMs: NOW_MS, answered: !repository.isShared }));
      expect(revealed(written)).toEqual(expected);
      expect(revealed(await repository.find('wkAccount-1'))).toEqual(expected);
    });

    it('gives null for an account that never registered', async () => {
      expect(await repository.find('wkNobody')).toBeNull();
    });

    it('tells accounts apart by the case of their letters', async () => {
      await saved(repository, { openKfId: 'wkABC' }, NOW_MS);
      expect(await repository.find('wkabc')).toBeNull();
    });

    it('keeps one registration per account, the latest', async () => {
      await saved(repository, {}, NOW_MS);
      await saved(repository, { endpoint: 'http://moved', corpId: 'wwCorp_2' }, NOW_MS + 1);
      expect(await loadAll(repository)).toHaveLength(1);
      expect(await repository.find('wkAccount-1')).toMatchObject({
        endpoint: 'http://moved',
        corpId: 'wwCorp_2',
      });
    });

    it('keeps one registration of an account that registers many times at once', async () => {
      const endpoints = Array.from({ length: 20 }, (_, n) => `http://host-${n}`);
      await Promise.all(endpoints.map((endpoint) => saved(repository, { endpoint }, NOW_MS)));
      const all = await loadAll(repository);
      expect(all).toHaveLength(1);
      expect(endpoints).toContain(all[0]?.endpoint);
    });

    it('lists the puppets of a corp, online or not, up to the limit', async () => {
      await saved(repository, { openKfId: 'wk1' }, NOW_MS);
      await saved(repository, { openKfId: 'wk2' }, NOW_MS);
      await saved(repository, { openKfId: 'wk3', corpId: 'wwOther' }, NOW_MS);
      await repository.markOffline({ openKfId: 'wk2', corpId: 'wwCorp_1' }, NOW_MS);
      const ids = (await repository.listByCorp('wwCorp_1', 10)).map(({ openKfId }) => openKfId);
      expect(ids.sort()).toEqual(['wk1', 'wk2']);
      expect(await repository.listByCorp('wwCorp_1', 1)).toHaveLength(1);
      expect(await repository.listByCorp('wwcorp_1', 10)).toEqual([]);
    });

    it('marks a puppet offline and keeps everything else', async () => {
      await saved(repository, {}, NOW_MS);
      const goodbye = { openKfId: 'wkAccount-1', corpId: 'wwCorp_1' };
      const marked = await repository.markOffline(goodbye, NOW_MS + 60_000);
      const expected = revealed(
        registeredPuppet({
          online: false,
          lastOnlineAtMs: NOW_MS + 60_000,
          answered: !repository.isShared,
        }),
      );
      expect(revealed(marked)).toEqual(expected);
      expect(revealed(await repository.find('wkAccount-1'))).toEqual(expected);
    });

    it('may be told a goodbye twice', async () => {
      await saved(repository, {}, NOW_MS);
      const goodbye = { openKfId: 'wkAccount-1', corpId: 'wwCorp_1' };
      await repository.markOffline(goodbye, NOW_MS);
      expect(await repository.markOffline(goodbye, NOW_MS)).toMatchObject({ online: false });
    });

    it.each([
      ['of an unknown account', { openKfId: 'wkNobody', corpId: 'wwCorp_1' }],
      ['in the name of another corp', { openKfId: 'wkAccount-1', corpId: 'wwCorp_2' }],
      [
        'from an endpoint that is not the registered one',
        { openKfId: 'wkAccount-1', corpId: 'wwCorp_1', endpoint: 'http://old' },
      ],
    ])('changes nothing at a goodbye %s', async (_what, goodbye) => {
      await saved(repository, {}, NOW_MS);
      expect(await repository.markOffline(goodbye, NOW_MS)).toBeNull();
      expect(await repository.find('wkAccount-1')).toMatchObject({ online: true });
      expect(await repository.find('wkNobody')).toBeNull();
    });

    it('is online again after registering again', async () => {
      await saved(repository, {}, NOW_MS);
      await repository.markOffline({ openKfId: 'wkAccount-1', corpId: 'wwCorp_1' }, NOW_MS);
      await saved(repository, {}, NOW_MS + 1);
      expect(await repository.find('wkAccount-1')).toMatchObject({
        online: true,
        lastOnlineAtMs: NOW_MS + 1,
      });
    });

    describe('a goodbye', () => {
      const goodbyeFrom = (from: string) =>
        repository.markOffline({ openKfId: 'wkAccount-1', corpId: 'wwCorp_1', from }, NOW_MS);

      beforeEach(async () => {
        for (const from of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) await saved(repository, { from }, NOW_MS);
      });

      it.each(['10.0.0.1', '10.0.0.2'])('from %s, which was replaced, changes nothing', async (from) => {
        expect(await goodbyeFrom(from)).toBeNull();
        expect(await repository.find('wkAccount-1')).toMatchObject({ online: true });
      });

      it('from the address that registered is not doubted', async () => {
        expect(await goodbyeFrom('10.0.0.3')).toMatchObject({ online: false, goodbyeDoubted: false });
      });

      it('from another address is doubted, until the puppet is known to be there or to be gone', async () => {
        expect(await goodbyeFrom('10.9.9.9')).toMatchObject({ online: false, goodbyeDoubted: true });
        const found = await repository.find('wkAccount-1');
        expect(found).toMatchObject({ online: false, goodbyeDoubted: true });
        if (found === null) throw new Error('it is not there');
        expect(await repository.markOnline(found, NOW_MS)).toMatchObject({ goodbyeDoubted: false });
        await goodbyeFrom('10.9.9.9');
        expect(await goodbyeFrom('10.0.0.3')).toMatchObject({ online: false, goodbyeDoubted: false });
        await goodbyeFrom('10.9.9.9');
        expect(await saved(repository, { from: '10.0.0.4' }, NOW_MS)).toMatchObject({
          goodbyeDoubted: false,
        });
      });

      it('from another address is not doubted where it names the endpoint', async () => {
        const { endpoint } = await saved(repository, { from: '10.0.0.3' }, NOW_MS);
        const goodbye = { openKfId: 'wkAccount-1', corpId: 'wwCorp_1', endpoint, from: '10.9.9.9' };
        const offline = { online: false, goodbyeDoubted: false };
        expect(await repository.markOffline(goodbye, NOW_MS)).toMatchObject(offline);
      });

      it.each(['10.0.0.3', '10.9.9.9'])('from %s counts', async (from) => {
        expect(await goodbyeFrom(from)).toMatchObject({ online: false });
      });

      it('counts from an address that was replaced and came back', async () => {
        await saved(repository, { from: '10.0.0.1' }, NOW_MS);
        expect(await goodbyeFrom('10.0.0.3')).toBeNull();
        expect(await goodbyeFrom('10.0.0.1')).toMatchObject({ online: false });
      });
    });

    it('marks a puppet online again where it is still registered', async () => {
      const puppet = await saved(repository, {}, NOW_MS);
      await repository.markOffline(puppet, NOW_MS);
      const elsewhere = { ...puppet, endpoint: 'http://elsewhere' };
      expect(await repository.markOnline(elsewhere, NOW_MS + 1)).toBeNull();
      expect(await repository.markOnline({ ...puppet, corpId: 'wwOther' }, NOW_MS + 1)).toBeNull();
      expect(await repository.markOnline(puppet, NOW_MS + 2)).toMatchObject({
        online: true,
        answered: true,
        lastOnlineAtMs: NOW_MS + 2,
      });
      expect(await repository.find('wkAccount-1')).toMatchObject({ online: true, answered: true });
    });

    it('tells others that a registration has its answer, unless another one followed it', async () => {
      const first = await saved(repository, {}, NOW_MS);
      await saved(repository, { endpoint: 'http://second' }, NOW_MS + 1);
      await repository.markAnswered(first);
      expect(await repository.find('wkAccount-1')).toMatchObject({ answered: !repository.isShared });
      await repository.markAnswered(await saved(repository, {}, NOW_MS + 2));
      expect(await repository.find('wkAccount-1')).toMatchObject({ answered: true });
    });

    describe('a registration that may not replace what is stored', () => {
      const seen: (Puppet | null)[] = [];
      const saveIf = (may: boolean, fields = {}) =>
        repository.save(registration({ endpoint: 'http://moved', ...fields }), NOW_MS + 1, (stored) => {
          seen.push(stored);
          return may;
        });

      beforeEach(() => {
        seen.length = 0;
      });

      it('changes nothing', async () => {
        const before = revealed(await saved(repository, {}, NOW_MS));
        expect(await saveIf(false)).toBeNull();
        expect(revealed(await repository.find('wkAccount-1'))).toEqual(before);
        expect(seen.map(revealed)).toEqual([before]);
      });

      it('is not written where nothing is stored either', async () => {
        expect(await saveIf(false)).toBeNull();
        expect(seen).toEqual([null]);
        expect(await repository.find('wkAccount-1')).toBeNull();
        expect(await loadAll(repository)).toEqual([]);
      });

      it.each([
        ['another corp', (n: number) => ({ corpId: `wwCorp_${n}` })],
        ['another secret', (n: number) => ({ corpSecret: new Secret(`secret-${n}`) })],
      ])('is one of all but the first that come at once, each of %s', async (_what, fieldsOf) => {
        const isFirst = (stored: Puppet | null) => stored === null;
        const saves = Array.from({ length: 20 }, (_, n) =>
          repository.save(registration(fieldsOf(n)), NOW_MS, isFirst),
        );
        const [winner, ...others] = (await Promise.all(saves)).filter((puppet) => puppet !== null);
        expect(others).toEqual([]);
        const { corpId, corpSecret } = revealed(winner ?? null) ?? {};
        expect(revealed(await repository.find('wkAccount-1'))).toMatchObject({ corpId, corpSecret });
      });
    });

    describe('a secret that WeCom accepted', () => {
      const SECRET_ID = secretIdOf('wwCorp_1', new Secret('corp-secret'));
      const always = () => true;
      const markAccepted = (isOf = always) => repository.markAccepted('wkAccount-1', SECRET_ID, isOf);
      const acceptedId = async () => (await repository.find('wkAccount-1'))?.acceptedSecretId;

      it('is noted, and nothing else is changed', async () => {
        const before = revealed(await saved(repository, {}, NOW_MS));
        const expected = { ...before, acceptedSecretId: SECRET_ID };
        expect(revealed(await markAccepted())).toEqual(expected);
        opened = await opened.reopen();
        expect(revealed(await opened.repository.find('wkAccount-1'))).toEqual(expected);
      });

      it('is noted only where it is still the stored one', async () => {
        expect(await markAccepted()).toBeNull();
        await saved(repository, {}, NOW_MS);
        const seen: unknown[] = [];
        const isOf = (stored: Puppet | null): boolean => {
          seen.push(stored?.corpSecret.reveal());
          return false;
        };
        expect(await repository.markAccepted('wkAccount-1', SECRET_ID, isOf)).toBeNull();
        expect(seen).toEqual(['corp-secret']);
        expect(await acceptedId()).toBeNull();
      });

      it('stays noted where a registration does not know of it, and is replaced by what it does know', async () => {
        await saved(repository, {}, NOW_MS);
        await markAccepted();
        expect(await saved(repository, {}, NOW_MS)).toMatchObject({ acceptedSecretId: SECRET_ID });
        expect(await acceptedId()).toBe(SECRET_ID);
        expect(await saved(repository, { acceptedSecretId: 'other' }, NOW_MS)).toMatchObject({
          acceptedSecretId: 'other',
        });
        expect(await acceptedId()).toBe('other');
      });

      it('is told to others', async () => {
        await saved(repository, {}, NOW_MS);
        const { cursor } = await repository.changes(null);
        await markAccepted();
        const told = (await repository.changes(cursor)).puppets.map((puppet) => puppet.acceptedSecretId);
        expect(told).toEqual(repository.isShared ? [SECRET_ID] : []);
      });
    });

    describe('a puppet that is put back', () => {
      const offline = registeredPuppet({
        online: false,
        lastOnlineAtMs: NOW_MS - 60_000,
        acceptedSecretId: 'accepted',
        replacedFrom: ['10.0.0.8', '10.0.0.9'],
      });
      const bare = registeredPuppet({ endpoint: 'http://other', from: '10.0.0.5' });

      it.each([
        ['an offline one', offline],
        ['one of which little was recorded', bare],
      ])('is what it was, answered, also after it was opened again: %s', async (_what, puppet) => {
        expect(await repository.restore({ ...puppet, answered: false }, () => true)).toBe(true);
        opened = await opened.reopen();
        expect(revealed(await opened.repository.find('wkAccount-1'))).toEqual(revealed(puppet));
      });

      it('takes the place of all that was stored of its account', async () => {
        await repository.restore(offline, () => true);
        expect(await repository.restore(bare, () => true)).toBe(true);
        expect(revealed(await repository.find('wkAccount-1'))).toEqual(revealed(bare));
        expect(await loadAll(repository)).toHaveLength(1);
      });

      it('changes nothing where it may not', async () => {
        const before = revealed(await saved(repository, {}, NOW_MS));
        const seen: (Puppet | null)[] = [];
        const never = (stored: Puppet | null): boolean => {
          seen.push(stored);
          return false;
        };
        expect(await repository.restore(offline, never)).toBe(false);
        expect(seen.map(revealed)).toEqual([before]);
        expect(revealed(await repository.find('wkAccount-1'))).toEqual(before);
        expect(await repository.restore({ ...offline, openKfId: 'wkNobody' }, never)).toBe(false);
        expect(await repository.find('wkNobody')).toBeNull();
      });

      it('is told to others', async () => {
        const { cursor } = await repository.changes(null);
        await repository.restore(offline, () => true);
        const told = (await repository.changes(cursor)).puppets.map(({ openKfId }) => openKfId);
        expect(told).toEqual(repository.isShared ? ['wkAccount-1'] : []);
      });

      it('registers as any other, after it was forgotten too', async () => {
        await repository.restore(offline, () => true);
        await repository.forget('wkAccount-1');
        expect(await repository.restore(bare, (stored) => stored === null)).toBe(true);
        expect(await saved(repository, { from: '10.0.0.6' }, NOW_MS)).toMatchObject({
          online: true,
          replacedFrom: ['10.0.0.5'],
        });
      });
    });

    describe('a forgotten account', () => {
      beforeEach(() => saved(repository, { acceptedSecretId: 'accepted' }, NOW_MS));

      it('is not there any more, also after it was opened again', async () => {
        const before = await repository.find('wkAccount-1');
        expect(revealed(await repository.forget('wkAccount-1'))).toEqual(revealed(before));
        for (const _time of [1, 2]) {
          expect(await repository.find('wkAccount-1')).toBeNull();
          expect(await repository.listByCorp('wwCorp_1', 10)).toEqual([]);
          expect(await loadAll(repository)).toEqual([]);
          opened = await opened.reopen();
          repository = opened.repository;
        }
      });

      it('can be forgotten again, which does nothing, as with one that never registered', async () => {
        await repository.forget('wkAccount-1');
        expect(await repository.forget('wkAccount-1')).toBeNull();
        expect(await repository.forget('wkNobody')).toBeNull();
        expect(await repository.find('wkNobody')).toBeNull();
      });

      it('takes no goodbye, no hint and no acceptance', async () => {
        const puppet = await repository.forget('wkAccount-1');
        if (puppet === null) throw new Error('it was not there');
        expect(await repository.markOffline(puppet, NOW_MS)).toBeNull();
        expect(await repository.markOnline(puppet, NOW_MS)).toBeNull();
        await repository.markAnswered(puppet);
        expect(await repository.markAccepted('wkAccount-1', 'id', () => true)).toBeNull();
        expect(await repository.find('wkAccount-1')).toBeNull();
      });

      it('is free for any corp, which takes over nothing of it', async () => {
        await repository.forget('wkAccount-1');
        const seen: (Puppet | null)[] = [];
        const fields = { corpId: 'wwCorp_2', from: '10.0.0.2' };
        const puppet = await repository.save(registration(fields), NOW_MS + 1, (stored) => {
          seen.push(stored);
          return true;
        });
        expect(seen).toEqual([null]);
        const expected = { ...fields, replacedFrom: [], acceptedSecretId: null, online: true };
        expect(puppet).toMatchObject(expected);
        expect(await repository.find('wkAccount-1')).toMatchObject(expected);
        expect(await loadAll(repository)).toHaveLength(1);
      });

      it('is told to others, until it registers again', async () => {
        const { cursor } = await repository.changes(null);
        await repository.forget('wkAccount-1');
        const forgotten = await repository.changes(cursor);
        expect(forgotten).toMatchObject({
          puppets: [],
          forgotten: repository.isShared ? ['wkAccount-1'] : [],
        });
        await saved(repository, {}, NOW_MS);
        const again = await repository.changes(cursor);
        expect(again.forgotten).toEqual([]);
        expect(again.puppets).toHaveLength(repository.isShared ? 1 : 0);
      });
    });

    it('still has everything after it was opened again', async () => {
      await saved(repository, {}, NOW_MS);
      opened = await opened.reopen();
      expect(revealed(await opened.repository.find('wkAccount-1'))).toEqual(
        revealed(registeredPuppet({ lastOnlineAtMs: NOW_MS, answered: !repository.isShared })),
      );
    });

    it('tells, where others write too, every write since the cursor', async () => {
      const { cursor: first, puppets: none } = await repository.changes(null);
      expect(none).toEqual([]);
      await saved(repository, { openKfId: 'wk1' }, NOW_MS);
      await saved(repository, { openKfId: 'wk2' }, NOW_MS);
      await repository.markOffline({ openKfId: 'wk2', corpId: 'wwCorp_1' }, NOW_MS);
      const { cursor: second, puppets } = await repository.changes(first);
      const told = new Map(puppets.map(({ openKfId, online }) => [openKfId, online]));
      expect(told).toEqual(
        repository.isShared
          ? new Map([
              ['wk1', true],
              ['wk2', false],
            ])
          : new Map(),
      );

      await saved(repository, { openKfId: 'wk3' }, NOW_MS);
      const later = await repository.changes(second);
      expect(later.puppets.some(({ openKfId }) => openKfId === 'wk3')).toBe(repository.isShared);
    });

    it('tells many writes in batches, each record at least once, and loads each exactly once', async () => {
      const { cursor } = await repository.changes(null);
      // One batch, and some more.
      const ids = Array.from({ length: 1_050 }, (_, n) => `wk-${n}`);
      await saveAll(repository, ids);
      const loaded = (await loadAll(repository)).map(({ openKfId }) => openKfId);
      expect(loaded.sort()).toEqual(ids.toSorted());
      const first = await changesSince(repository, cursor);
      expect(first.told).toEqual(new Set(repository.isShared ? ids : []));
      expect(first.largest).toBeLessThanOrEqual(1_000);
      await saved(repository, { openKfId: 'wk-later' }, NOW_MS);
      const { told } = await changesSince(repository, first.cursor);
      expect(told.has('wk-later')).toBe(repository.isShared);
    });
  });
}
