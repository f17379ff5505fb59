/** What the storage adapters take for granted of a MongoDB, asked of whichever one this run uses. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import mongoose, { type mongo } from 'mongoose';
import { dropDatabase, freshDatabaseUri, mongoSuite, standInSuite } from '../support/mongo/database.js';
import { type StandIn, startStandIn } from '../support/mongo/mongo-server.js';
import { withDatabase } from '../support/mongo/uri.js';

type Row = { _id: string; n?: number; owner?: string; at?: Date; name?: string };

const duplicateKey = 11000;
const concurrently = <T>(times: number, act: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, index) => act(index)));

mongoSuite('the MongoDB of this run', () => {
  const uri = freshDatabaseUri();
  let client: mongo.MongoClient;
  let rows: mongo.Collection<Row>;

  beforeAll(async () => {
    client = await mongoose.mongo.MongoClient.connect(uri);
  });

  beforeEach(() => {
    rows = client.db().collection<Row>(new mongoose.Types.ObjectId().toHexString());
  });

  afterAll(async () => {
    await client.close();
    await dropDatabase(uri);
  });

  it('loses none of 200 concurrent increments', async () => {
    await concurrently(200, () => rows.updateOne({ _id: 'a' }, { $inc: { n: 1 } }, { upsert: true }));

    expect(await rows.findOne({ _id: 'a' })).toEqual({ _id: 'a', n: 200 });
  });

  it('gives each of 50 documents to exactly one of 200 concurrent claims', async () => {
    await rows.insertMany(Array.from({ length: 50 }, (_, n) => ({ _id: `row-${n}`, n })));

    const claims = await concurrently(200, (index) =>
      rows.findOneAndUpdate(
        { owner: { $exists: false } },
        { $set: { owner: `claimer-${index}` } },
        { sort: { n: 1 }, returnDocument: 'after' },
      ),
    );

    const claimed = claims.filter((row) => row !== null);
    expect(claimed).toHaveLength(50);
    expect(new Set(claimed.map((row) => row._id)).size).toBe(50);
    expect(await rows.countDocuments({ owner: { $exists: true } })).toBe(50);
  });

  it('gives 50 concurrent upserts of one document 50 different states', async () => {
    const states = await concurrently(50, () =>
      rows.findOneAndUpdate({ _id: 'a' }, { $inc: { n: 1 } }, { upsert: true, returnDocument: 'after' }),
    );

    expect(new Set(states.map((row) => row?.n)).size).toBe(50);
  });

  it('lets one of 50 concurrent inserts through a unique index', async () => {
    await rows.createIndex({ name: 1 }, { unique: true });

    const refusals = await concurrently(50, (index) =>
      rows.insertOne({ _id: `row-${index}`, name: 'same' }).then(
        () => 'accepted',
        (error: mongo.MongoServerError) => error.code,
      ),
    );

    expect(refusals.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(refusals.filter((outcome) => outcome === duplicateKey)).toHaveLength(49);
  });

  it('lets documents without the field past a sparse unique index', async () => {
    await rows.createIndex({ name: 1 }, { unique: true, sparse: true });
    await rows.insertMany([{ _id: 'a' }, { _id: 'b' }, { _id: 'c', name: 'same' }]);

    const second = rows.updateOne({ _id: 'a' }, { $set: { name: 'same' } });

    await expect(second).rejects.toMatchObject({ code: duplicateKey });
  });

  it("sets the server's date with $currentDate, in an upsert and in an update", async () => {
    const touch = () =>
      rows.findOneAndUpdate(
        { _id: 'a' },
        { $currentDate: { at: true }, $setOnInsert: { name: 'first' } },
        { upsert: true, returnDocument: 'after' },
      );

    const created = await touch();
    const updated = await touch();

    expect(created).toEqual({ _id: 'a', name: 'first', at: expect.any(Date) });
    expect(updated?.at?.getTime()).toBeGreaterThanOrEqual(created?.at?.getTime() ?? Number.NaN);
  });

  it('renames a field with $rename', async () => {
    await rows.insertOne({ _id: 'a', name: 'value' });

    await rows.updateOne({ _id: 'a' }, { $rename: { name: 'owner' } });

    expect(await rows.findOne({ _id: 'a' })).toEqual({ _id: 'a', owner: 'value' });
  });

  it('tells its time in the answer to hello', async () => {
    const { localTime } = await client.db('admin').command({ hello: 1 });

    expect(localTime).toBeInstanceOf(Date);
  });

  it('finds what occurs twice with $group and $match', async () => {
    await rows.insertMany([
      { _id: 'a', name: 'once' },
      { _id: 'b', name: 'twice' },
      { _id: 'c', name: 'twice' },
    ]);

    const twice = await rows
      .aggregate([
        { $group: { _id: '$name', count: { $sum: 1 }, ids: { $push: '$_id' } } },
        { $match: { count: { $gt: 1 } } },
      ])
      .toArray();

    expect(twice).toEqual([{ _id: 'twice', count: 2, ids: ['b', 'c'] }]);
  });

  it('sorts and limits along a compound index', async () => {
    await rows.createIndex({ owner: 1, at: 1 });
    await rows.insertMany(
      [3, 1, 2, 0].map((n) => ({ _id: `row-${n}`, owner: n === 0 ? 'you' : 'me', at: new Date(n) })),
    );

    const first = await rows.find({ owner: 'me' }).sort({ owner: 1, at: 1 }).limit(2).toArray();

    expect(first.map((row) => row._id)).toEqual(['row-1', 'row-2']);
  });
});

standInSuite('the stand-in', () => {
  let dataDir: string;
  const running: StandIn[] = [];
  const clients: mongo.MongoClient[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wxkf-stand-in-'));
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all(running.splice(0).map((standIn) => standIn.kill()));
    await rm(dataDir, { recursive: true });
  });

  async function start(port = 0): Promise<StandIn> {
    const standIn = await startStandIn({ dataDir, port });
    running.push(standIn);
    return standIn;
  }

  async function connect(
    uri: string,
    options: mongo.MongoClientOptions = {},
  ): Promise<mongo.Collection<Row>> {
    const client = await mongoose.mongo.MongoClient.connect(withDatabase(uri, 'outage'), options);
    clients.push(client);
    return client.db().collection<Row>('rows');
  }

  it('keeps every acknowledged write over a kill, and takes its port again', async () => {
    const first = await start();
    const rows = await connect(first.uri);
    await rows.createIndex({ name: 1 }, { unique: true });
    await concurrently(100, (n) => rows.insertOne({ _id: `row-${n}`, name: `name-${n}` }));
    await rows.updateOne({ _id: 'row-0' }, { $set: { n: 1 } });
    await first.kill();

    const second = await start(first.port);

    expect(second.uri).toBe(first.uri);
    expect(await rows.countDocuments()).toBe(100);
    expect(await rows.findOne({ _id: 'row-0' })).toEqual({ _id: 'row-0', name: 'name-0', n: 1 });
    await expect(rows.insertOne({ _id: 'other', name: 'name-7' })).rejects.toMatchObject({
      code: duplicateKey,
    });
  });

  it('stalls what is asked while it is paused, and answers it when it resumes', async () => {
    const standIn = await start();
    const patient = await connect(standIn.uri);
    const hasty = await connect(standIn.uri);
    await Promise.all([patient.countDocuments(), hasty.countDocuments()]);

    await standIn.pause();
    const insert = patient.insertOne({ _id: 'a' });
    // Not `timeoutMS`, which driver 7.8 accepts and ignores.
    const given200Ms = hasty.countDocuments({}, { signal: AbortSignal.timeout(200) });
    await expect(given200Ms).rejects.toBeInstanceOf(mongoose.mongo.MongoOperationTimeoutError);
    standIn.resume();

    await insert;
    expect(await patient.findOne({ _id: 'a' })).toEqual({ _id: 'a' });
  });

  it('can be stopped while it is paused, and twice', async () => {
    const standIn = await start();

    await standIn.pause();
    await standIn.stop();
    await standIn.stop();

    expect(() => process.kill(standIn.pid, 0)).toThrow('ESRCH');
  });

  it('says why it did not start', async () => {
    await expect(startStandIn({ dataDir: join(dataDir, 'missing') })).rejects.toThrow('does not exist');
  });
});
