/** The database of the public manager 1.0.3, taken over as that version wrote it. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { Puppet } from '../../src/storage/puppets/puppet.js';
import type { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { revealed, saved } from '../support/puppets.js';
import { mongoPlace } from '../support/each-store.js';
import { openRepository } from '../support/stores.js';
import type { OpenedRepository } from './puppet-repository.contract.js';

const KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C';

/** A document with every field that 1.0.3 writes; `lastOnlineDate` only after a goodbye. */
function document(fields: object) {
  return {
    botEndpoint: 'http://bot:8080',
    name: '客服',
    kfOpenId: 'wkOld',
    corpId: 'wwCorp_1',
    corpSecret: 'corp-secret',
    token: 'callbackToken1',
    encodingAESKey: KEY,
    online: true,
    __v: 0,
    ...fields,
  };
}

mongoSuite('the database of manager 1.0.3', () => {
  let place: Place;
  let client: mongoose.mongo.MongoClient;
  let documents: mongoose.mongo.Collection;
  let opened: OpenedRepository | null;

  beforeEach(async () => {
    place = mongoPlace();
    opened = null;
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    documents = client.db().collection('wxkfpuppets');
  });

  afterEach(async () => {
    await client.close();
    await opened?.close();
  });

  async function takeOver(...written: object[]): Promise<PuppetRepository> {
    await documents.insertMany(written);
    opened = await openRepository(place);
    return opened.repository;
  }

  async function loaded(repository: PuppetRepository): Promise<Puppet[]> {
    const all: Puppet[] = [];
    for await (const puppets of repository.load()) all.push(...puppets);
    return all;
  }

  it('is read as it is', async () => {
    const repository = await takeOver(document({}));
    expect((await loaded(repository)).map(revealed)).toEqual([
      {
        openKfId: 'wkOld',
        name: '客服',
        endpoint: 'http://bot:8080',
        corpId: 'wwCorp_1',
        corpSecret: 'corp-secret',
        callbackToken: 'callbackToken1',
        encodingAESKey: KEY,
        acceptedSecretId: null,
        botId: '',
        online: true,
        goodbyeDoubted: false,
        lastOnlineAtMs: null,
        from: '',
        replacedFrom: [],
        answered: true,
      },
    ]);
  });

  it('keeps an offline puppet offline, with the time of its goodbye', async () => {
    const lastOnlineDate = new Date('2025-07-14T08:00:00Z');
    const repository = await takeOver(document({ online: false, lastOnlineDate }));
    expect(await repository.find('wkOld')).toMatchObject({
      online: false,
      lastOnlineAtMs: lastOnlineDate.getTime(),
    });
  });

  it('is read where fields are missing: a puppet without an endpoint or keys is known, one without an account is not', async () => {
    const {
      botEndpoint: _1,
      token: _2,
      encodingAESKey: _3,
      online: _4,
      ...bare
    } = document({ kfOpenId: 'wkBare' });
    const { corpId: _5, ...withoutCorp } = document({ kfOpenId: 'wkWithoutCorp' });
    const { kfOpenId: _6, ...withoutAccount } = document({});
    const repository = await takeOver(bare, withoutCorp, withoutAccount, { ...withoutAccount }, document({}));
    const all = await loaded(repository);
    expect(all.map(({ openKfId }) => openKfId).sort()).toEqual(['wkBare', 'wkOld']);
    const known = await repository.find('wkBare');
    expect(revealed(known)).toMatchObject({
      endpoint: '',
      callbackToken: '',
      encodingAESKey: '',
      online: false,
    });
  });

  const ONLINE = { online: true };

  it.each([
    [
      'the one online before the ones that said goodbye',
      ONLINE,
      { online: false, lastOnlineDate: new Date('2026-01-01') },
    ],
    [
      'the one that said goodbye last',
      { online: false, lastOnlineDate: new Date('2025-06-01') },
      { online: false, lastOnlineDate: new Date('2025-05-01') },
    ],
    ['the one made last, where both are online and neither ever said goodbye', ONLINE, ONLINE],
  ])('counts of two records of one account %s, and deletes neither', async (_which, better, worse) => {
    const repository = await takeOver(
      document({ ...worse, botEndpoint: 'http://worse' }),
      document({ ...better, botEndpoint: 'http://better' }),
    );
    expect(await loaded(repository)).toMatchObject([{ openKfId: 'wkOld', endpoint: 'http://better' }]);
    expect(await repository.listByCorp('wwCorp_1', 10)).toHaveLength(1);
    expect(await documents.countDocuments()).toBe(2);
    expect(await documents.findOne({ botEndpoint: 'http://worse' })).toMatchObject({
      supersededFrom: { kfOpenId: 'wkOld', online: worse.online },
    });
  });

  it('is written under the same names, so that 1.0.3 can go back to it', async () => {
    const repository = await takeOver(document({}));
    await saved(repository, { openKfId: 'wkOld', endpoint: 'http://moved' }, Date.now());
    expect(await documents.find().toArray()).toEqual([
      expect.objectContaining(
        document({ botEndpoint: 'http://moved', name: '客服一号', lastOnlineDate: expect.any(Date) }),
      ),
    ]);
  });

  it('leaves no secret, endpoint or corp in the record of a forgotten account, which 1.0.3 may write again', async () => {
    const repository = await takeOver(document({}));
    await repository.forget('wkOld');
    const [marker] = await documents.find().toArray();
    expect(marker).toEqual({
      _id: expect.anything(),
      kfOpenId: 'wkOld',
      online: false,
      updatedAt: expect.any(Date),
      __v: 0,
    });
    await documents.updateOne({ kfOpenId: 'wkOld' }, { $set: document({}) });
    expect(await loaded(repository)).toMatchObject([{ openKfId: 'wkOld', endpoint: 'http://bot:8080' }]);
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['no text', 7],
  ])('can be replaced where its corpSecret is %s, by who may', async (_what, corpSecret) => {
    const { corpSecret: _1, ...bare } = document({});
    const repository = await takeOver(corpSecret === undefined ? bare : { ...bare, corpSecret });
    expect(await saved(repository, { openKfId: 'wkOld' }, Date.now())).not.toBeNull();
    expect(revealed(await repository.find('wkOld'))).toMatchObject({ corpSecret: 'corp-secret' });
  });

  it('keeps accounts apart by a unique index that does not disturb the one of 1.0.3', async () => {
    await documents.createIndex({ kfOpenId: 1 }, { unique: true, background: true });
    const repository = await takeOver(document({}));
    await saved(repository, { openKfId: 'wkNew' }, Date.now());
    await expect(documents.insertOne(document({ kfOpenId: 'wkNew' }))).rejects.toMatchObject({
      code: 11_000,
    });
  });

  it('is refused where a later version has written it', async () => {
    await client
      .db()
      .collection<{ _id: string; version: number }>('wxkfmeta')
      .insertOne({ _id: 'schema', version: 99 });
    const repository = await takeOver(document({}));
    await expect(repository.find('wkOld')).rejects.toThrow(
      'written by a later version (schema 99, this one knows 2)',
    );
  });
});
