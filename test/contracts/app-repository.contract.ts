import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import type { App } from '../../src/registry/apps/app.js';
import type { AppRepository } from '../../src/registry/apps/app.repository.js';
import { revealedApp, storedApp } from '../support/apps.js';

/** One opened store; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedApps {
  readonly repository: AppRepository;
  reopen(): Promise<OpenedApps>;
  /** Throws its data away. */
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 5, 7, 8, 9, 10, 123);

export function appRepositoryContract(open: () => Promise<OpenedApps>): void {
  let opened: OpenedApps;
  let apps: AppRepository;

  beforeEach(async () => {
    opened = await open();
    apps = opened.repository;
  });

  afterEach(() => opened.close());

  const one = storedApp();
  const two = storedApp({ corpId: 'ww2', name: '', receiveIds: [], verifiedAtMs: NOW_MS });
  const withoutSecrets = ({ callbackToken: _token, encodingAESKey: _key, ...listed }: App) => listed;
  const byId = (all: readonly { readonly id: string }[]) => [...all].sort((a, b) => (a.id < b.id ? -1 : 1));

  async function expectStored(...expected: App[]): Promise<void> {
    expect(byId(await apps.load()).map((app) => revealedApp(app as App))).toEqual(
      byId(expected).map((app) => revealedApp(app as App)),
    );
    expect(byId(await apps.list())).toEqual(byId(expected.map(withoutSecrets)));
  }

  it('has nothing to begin with', () => expectStored());

  it('gives what was added, also after a restart, and lists it without its secrets', async () => {
    expect([await apps.add(one), await apps.add(two)]).toEqual([true, true]);
    await expectStored(one, two);
    opened = await opened.reopen();
    apps = opened.repository;
    await expectStored(one, two);
  });

  it('adds the same pair of the same corp once', async () => {
    const again = storedApp({ name: 'again' });
    expect([await apps.add(one), await apps.add(again)]).toEqual([true, false]);
    const other = storedApp({ callbackToken: new Secret('callbackToken2') });
    expect(await apps.add(other)).toBe(true);
    await expectStored(one, other);
  });

  it('adds it once where many do at the same time', async () => {
    const added = await Promise.all(
      Array.from({ length: 20 }, (_, n) => apps.add(storedApp({ name: `${n}` }))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await apps.list()).toMatchObject([{ id: one.id, name: `${added.indexOf(true)}` }]);
  });

  it('removes an app, once, and takes it again', async () => {
    await apps.add(one);
    await apps.add(two);
    expect([await apps.remove(one.id), await apps.remove(one.id)]).toEqual([true, false]);
    await expectStored(two);
    expect(await apps.add(one)).toBe(true);
    await expectStored(one, two);
  });

  it('replaces an app with all that it has, and adds it where there is none', async () => {
    const renamed = storedApp({ name: 'renamed', receiveIds: [], createdAtMs: NOW_MS, verifiedAtMs: NOW_MS });
    await apps.replace(one);
    await expectStored(one);
    await apps.replace(renamed);
    await expectStored(renamed);
  });

  it('notes the last verification, whatever order they are told in', async () => {
    await apps.add(one);
    for (const atMs of [NOW_MS, NOW_MS + 2, NOW_MS + 1]) await apps.markVerified(one.id, atMs);
    await expectStored({ ...one, verifiedAtMs: NOW_MS + 2 });
  });

  it('notes none of an app that is not there', async () => {
    await apps.markVerified(one.id, NOW_MS);
    await expectStored();
    await apps.add(one);
    await expectStored(one);
  });
}
