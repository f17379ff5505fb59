/**
 * Starts one MongoDB for the complete run and says which in one line, and a gettoken that accepts every secret. Plain JavaScript, because jest loads it
 * outside its transform: Node strips the types of mongo-server.ts itself.
 */
import { MongoUnavailable, prepareStandIn, startMongo } from './mongo/mongo-server.ts';
import { startTokenServer } from './token-server.ts';

const howToGetOne = 'set MONGO_TEST_URI, or install Java 17 and Maven for the stand-in';

const names = {
  given: 'the MongoDB at MONGO_TEST_URI',
  'stand-in': 'the stand-in (mongo-java-server with H2: no write concern, failover or explain is proved)',
};

/** @type {import('./mongo/mongo-server.ts').MongoServer | undefined} */
let mongo;
/** @type {import('./token-server.ts').TokenServer | undefined} */
let tokenServer;

export default async function globalSetup() {
  tokenServer = await startTokenServer();
  process.env.WXKF_TEST_TOKEN_URL = tokenServer.url;
  delete process.env.WXKF_TEST_MONGO_URI;
  delete process.env.WXKF_TEST_STAND_IN;
  await prepareMongo();
}

async function prepareMongo() {
  const withoutStandIn = await prepareStandIn().then(
    () => null,
    (error) => error.message,
  );
  if (withoutStandIn === null) process.env.WXKF_TEST_STAND_IN = '1';
  try {
    mongo = await startMongo();
  } catch (error) {
    sayNone(error);
    return;
  }
  process.env.WXKF_TEST_MONGO_URI = mongo.uri;
  process.env.WXKF_TEST_MONGO_KIND = mongo.kind;
  const outages = withoutStandIn === null ? '' : ` Outage suites are left out (${withoutStandIn}).`;
  say(`MongoDB for this run: ${names[mongo.kind]}. For another one set MONGO_TEST_URI.${outages}`);
}

/** For the global teardown, which shares this module. */
export async function stopServers() {
  await mongo?.stop();
  mongo = undefined;
  await tokenServer?.close();
  tokenServer = undefined;
}

function sayNone(error) {
  if (!(error instanceof MongoUnavailable)) throw error;
  // Whoever names a MongoDB, and CI, must not see a green run that left it out.
  if (process.env.CI || error.kind === 'given')
    throw new Error(`${error.message}. To get one: ${howToGetOne}.`);
  process.env.WXKF_TEST_MONGO_KIND = 'none';
  say(`!!! NO MONGODB: THE MONGODB SUITES ARE LEFT OUT !!! ${error.message}. To get one: ${howToGetOne}.`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
