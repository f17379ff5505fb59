/** Resealing below the ports, where records are that no port shows; on the embedded store and MongoDB. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { Sealer } from '../../src/crypto/sealer.js';
import { Secret } from '../../src/kernel/secret.js';
import { webhookIdOf } from '../../src/queue/message.js';
import { APPS } from '../../src/registry/apps/app.js';
import { BOTS } from '../../src/registry/bots/stored-bot.js';
import { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { RecordStore } from '../../src/storage/records/records.js';
import { ResealRules } from '../../src/storage/store/resealing.js';
import { StoredSecrets } from '../../src/storage/store/stored-secrets.js';
import { AccessTokenStore } from '../../src/wecom/tokens/access-token.store.js';
import { revealedApp, storedApp } from '../support/apps.js';
import { revealedBot, storedBot } from '../support/bots.js';
import { newMessage, pulledPage } from '../support/messages.js';
import { messagesOf } from '../support/queue.js';
import { mongoSuite } from '../support/mongo/database.js';
import { newSecretsKey, type Place, sealedPlace } from '../support/place.js';
import { revealed, saved } from '../support/puppets.js';
import { rounds } from '../support/seeded.js';
import { mongoPlace, onEachStore } from '../support/each-store.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { tokenRecord } from '../support/tokens.js';

const NOW_MS = Date.now();
const [OLD, NEW, LOST] = [newSecretsKey(), newSecretsKey(), newSecretsKey()];
const ROTATING = `${NEW},${OLD}`;

let store: OpenedStore;

afterEach(() => store.close());

/** A store that seals with the old key and opens what either has sealed. */
async function open(place: Place, keys = `${OLD},${NEW}`): Promise<void> {
  store = await openStore(sealedPlace(place, keys));
}

async function reseal(keys: string, toPlain = false) {
  const counts = { lookedAt: 0, changed: 0, closed: [] as string[] };
  const sealer = new Sealer(keys.split(',').map((key) => new Secret(key)));
  await store.get(StoredSecrets).rewrite(new ResealRules(sealer, toPlain), {
    add: ({ lookedAt = 0, changed = 0 }) => {
      counts.lookedAt += lookedAt;
      counts.changed += changed;
    },
    cannotOpen: (name) => void counts.closed.push(name),
  });
  return counts;
}

async function giveToken(record = tokenRecord()): Promise<void> {
  const tokens = new AccessTokenStore(store.get(RecordStore));
  await tokens.lease(record, 'giver', NOW_MS, 10_000);
  expect(await tokens.save(record, 'giver')).toBe(true);
}

onEachStore((newPlace) => {
  beforeEach(() => open(newPlace()));

  it('seals everything anew, in as many batches as it takes, and nothing twice', async () => {
    const puppets = store.get(PuppetRepository);
    // More than one batch of each store.
    const count = newPlace === mongoPlace ? 510 : 1_010;
    const ids = Array.from({ length: count }, (_, n) => `wk-${n}`);
    await Promise.all(ids.map((openKfId) => saved(puppets, { openKfId }, NOW_MS)));
    await giveToken();
    expect(await reseal(ROTATING)).toEqual({ lookedAt: count + 1, changed: count + 1, closed: [] });
    expect(await reseal(NEW)).toEqual({ lookedAt: count + 1, changed: 0, closed: [] });
    expect(revealed(await puppets.find('wk-7'))).toMatchObject({ corpSecret: 'corp-secret' });
    store = await store.reopen();
    const found = await new AccessTokenStore(store.get(RecordStore)).find(tokenRecord().secretId);
    expect(found?.token?.value.reveal()).toBe('token-1');
  });

  it('seals apps anew, too, or opens them', async () => {
    const apps = store.get(RecordStore).of(APPS);
    const [first, second] = [storedApp(), storedApp({ corpId: 'ww2' })];
    for (const app of [first, second]) await apps.add(app);
    expect(await reseal(ROTATING)).toEqual({ lookedAt: 2, changed: 2, closed: [] });
    expect(await reseal(NEW)).toEqual({ lookedAt: 2, changed: 0, closed: [] });
    expect(await reseal(LOST)).toMatchObject({
      changed: 0,
      closed: expect.arrayContaining([first.id, second.id]),
    });
    expect(await reseal(NEW, true)).toEqual({ lookedAt: 2, changed: 2, closed: [] });
    expect(await reseal(ROTATING)).toMatchObject({ changed: 2 });
    const loaded = (await apps.load()).map(revealedApp).sort((a, b) => a.corpId.localeCompare(b.corpId));
    expect(loaded).toEqual([second, first].map(revealedApp));
  });

  it('seals bots anew, too, or opens them', async () => {
    const bots = store.get(RecordStore).of(BOTS);
    const bot = storedBot();
    await bots.add(bot);
    expect(await reseal(ROTATING)).toEqual({ lookedAt: 1, changed: 1, closed: [] });
    expect(await reseal(NEW)).toEqual({ lookedAt: 1, changed: 0, closed: [] });
    expect(await reseal(LOST)).toMatchObject({ changed: 0, closed: [bot.id] });
    expect(await reseal(NEW, true)).toEqual({ lookedAt: 1, changed: 1, closed: [] });
    expect((await bots.load()).map(revealedBot)).toEqual([revealedBot(bot)]);
  });

  it('seals what messages say anew, too, or opens it', async () => {
    const messages = messagesOf(store);
    const account = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
    const lease = await messages.pulls.begin(account, 'app-1', NOW_MS, 10_000);
    const page = pulledPage(['waits', 'dead', 'taken'].map((id) => newMessage(id)));
    await messages.pulls.keep(account, lease?.id ?? '', page, NOW_MS, 10_000);
    const [turn] = await messages.lines.claimDue(NOW_MS, 1, 10_000, new Set());
    if (turn === undefined) throw new Error('nothing is due');
    await messages.taken({ ...turn, msgid: 'taken' }, NOW_MS);
    const failure = { atMs: NOW_MS, stage: 'expired', reason: 'x' } as const;
    await messages.refused(turn, 'dead', { state: 'dead', attempts: 1, refusals: 1, failure }, NOW_MS);
    expect(await reseal(ROTATING)).toEqual({ lookedAt: 2, changed: 2, closed: [] });
    expect(await reseal(NEW)).toEqual({ lookedAt: 2, changed: 0, closed: [] });
    const closed = ['dead', 'waits'].map((msgid) => webhookIdOf({ ...account, msgid }));
    const lost = await reseal(LOST);
    expect({ ...lost, closed: lost.closed.sort() }).toEqual({
      lookedAt: 2,
      changed: 0,
      closed: closed.sort(),
    });
    const says = async () =>
      (await messages.next(turn, { order: 'account' }, NOW_MS, { isProbe: true }))?.content.reveal();
    expect(await says()).toBe('what waits says');
    expect(await reseal(NEW, true)).toEqual({ lookedAt: 2, changed: 2, closed: [] });
    expect(await says()).toBe('what waits says');
  });

  it('changes nothing but secrets, and tells nobody of it', async () => {
    const puppets = store.get(PuppetRepository);
    await saved(puppets, {}, NOW_MS);
    await puppets.markOffline({ openKfId: 'wkAccount-1', corpId: 'wwCorp_1' }, NOW_MS + 1);
    const before = await puppets.find('wkAccount-1');
    await reseal(ROTATING);
    expect(revealed(await puppets.find('wkAccount-1'))).toEqual(revealed(before));
  });

  it('removes an access token without a key, for it is asked for anew', async () => {
    await giveToken();
    expect(await reseal(LOST)).toMatchObject({ lookedAt: 1, changed: 1, closed: [] });
    store = await store.reopen();
    expect(await new AccessTokenStore(store.get(RecordStore)).find(tokenRecord().secretId)).toBeNull();
  });
});

mongoSuite('in MongoDB', () => {
  let client: mongoose.mongo.MongoClient;
  let documents: mongoose.mongo.Collection;

  beforeEach(async () => {
    const place = mongoPlace();
    await open(place);
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    documents = client.db().collection('wxkfpuppets');
    // Has the indexes made.
    await store.get(PuppetRepository).find('wkNobody');
  });

  afterEach(() => client.close());

  const DOCUMENT = { corpId: 'wwCorp_1', corpSecret: 's1', token: 't1', encodingAESKey: 'k1' };

  it('records that were set aside are sealed too, as those of their account', async () => {
    const kfOpenId = 'wkOld (set aside 65a1)';
    const supersededFrom = { kfOpenId: 'wkOld', online: true };
    await documents.insertOne({ ...DOCUMENT, kfOpenId, supersededFrom });
    expect(await reseal(ROTATING)).toMatchObject({ changed: 1, closed: [] });
    // Somebody puts it back by hand.
    await documents.updateOne({}, { $set: { kfOpenId: 'wkOld' }, $unset: { supersededFrom: 1 } });
    const puppet = await store.get(PuppetRepository).find('wkOld');
    expect(revealed(puppet)).toMatchObject({ corpSecret: 's1', callbackToken: 't1', encodingAESKey: 'k1' });
  });

  it('odd records are sealed as far as they have secrets, and opened again as they were', async () => {
    const odd = [
      { kfOpenId: 'wkBare', corpId: 'wwCorp_1' },
      { kfOpenId: 'wkNoCorp', corpSecret: 's2', token: null, encodingAESKey: 7 },
      { corpSecret: 's3', token: '' },
    ];
    await documents.insertMany(odd);
    const before = await documents.find().sort({ _id: 1 }).toArray();
    expect(await reseal(ROTATING)).toEqual({ lookedAt: 3, changed: 2, closed: [] });
    expect(JSON.stringify(await documents.find().toArray())).not.toMatch(/"s[23]"/);
    expect(await reseal(NEW, true)).toEqual({ lookedAt: 3, changed: 2, closed: [] });
    expect(await documents.find().sort({ _id: 1 }).toArray()).toEqual(before);
  });

  it('no replica is told of anything', async () => {
    const puppets = store.get(PuppetRepository);
    await saved(puppets, {}, NOW_MS);
    const updatedAt = async () => (await documents.findOne())?.updatedAt;
    const before = await updatedAt();
    expect(await reseal(ROTATING)).toMatchObject({ changed: 1 });
    expect(await updatedAt()).toEqual(before);
  });

  it('what a manager writes meanwhile is never overwritten', async () => {
    const puppets = store.get(PuppetRepository);
    const ids = Array.from({ length: 20 }, (_, n) => `wk-${n}`);
    const save = (round: number) => (openKfId: string) =>
      saved(puppets, { openKfId, corpSecret: new Secret(`${openKfId} ${round}`) }, NOW_MS);
    await Promise.all(ids.map(save(0)));
    for (let round = 1; round <= rounds(4); round++) {
      const keys = round % 2 === 0 ? `${OLD},${NEW}` : ROTATING;
      const [{ lookedAt, closed }] = await Promise.all([reseal(keys), ...ids.map(save(round))]);
      expect([lookedAt, closed]).toEqual([20, []]);
      for (const openKfId of ids) {
        expect(revealed(await puppets.find(openKfId))?.corpSecret).toBe(`${openKfId} ${round}`);
      }
    }
  });

  it('one record that was tampered with is named and left, and stops no other', async () => {
    const puppets = store.get(PuppetRepository);
    await saved(puppets, { openKfId: 'wk1' }, NOW_MS);
    await saved(puppets, { openKfId: 'wk2' }, NOW_MS);
    await documents.updateOne({ kfOpenId: 'wk1' }, { $set: { corpId: 'wwOther' } });
    const before = await documents.findOne({ kfOpenId: 'wk1' });
    expect(await reseal(ROTATING)).toEqual({ lookedAt: 2, changed: 1, closed: ['wk1'] });
    expect(await documents.findOne({ kfOpenId: 'wk1' })).toEqual(before);
  });
});
