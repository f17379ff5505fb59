/**
 * `npm run bench -w lab`: callbacks that one core delivers to puppets per second, beside the least that can be written by hand,
 * and beside an earlier build.
 */
import { createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon, { type Client } from 'autocannon';
import { type Account, type Callback, makeAccounts, makeCallback } from '../faults/accounts.js';
import { Manager } from '../faults/manager.js';
import { MessageReader } from '../faults/message-reader.js';
import { stablePort } from '../faults/ports.js';
import { type Bench, type Contender, type Round, runBench, watch } from './turns.js';

const ACCOUNTS = 20;
const CONNECTIONS = 64;
/** Of `baseline-http.ts`. */
const HAND_WRITTEN_RATIO_MIN = 0.6;
const PLANS = {
  full: { rounds: 12, warmUpRounds: 2, limitMs: 900_000 },
  short: { rounds: 1, warmUpRounds: 0, limitMs: 200_000 },
};
const PER_CONNECTION = { full: 320, short: 30 };
const TIMEOUT_S = 10;
/** How often autocannon looks whether a run is over. */
const SAMPLE_MS = 100;
const HEADERS = { 'User-Agent': 'Mozilla/4.0', Accept: '*/*', 'Content-Type': 'text/xml' };
const TAKEN = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess');

interface Delivery {
  readonly endpoint: string;
  readonly head: string;
  readonly body: Buffer;
}

/** One port each. They read just enough to answer with a constant: `node:http` would take as much CPU time as the manager. */
class Puppets {
  delivered = 0;
  onDelivery: (delivery: Delivery) => void = () => {};

  async listen(): Promise<string> {
    const server = createServer({ noDelay: true }, (socket) => {
      const reader = new MessageReader((head, body) => {
        this.delivered++;
        this.onDelivery({ endpoint, head, body });
        socket.write(TAKEN);
      });
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => reader.push(chunk));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return endpoint;
  }
}

/** Each callback once, on connections that stay open, one request under way on each. */
async function send(server: Manager, callbacks: readonly Callback[], puppets: Puppets): Promise<Round> {
  const requests = callbacks.map(({ account, query, body }) => ({
    ...{ method: 'POST', path: `/callback/${account.corpId}?${query}`, headers: HEADERS, body },
  }));
  const share = requests.length / CONNECTIONS;
  const delivered = puppets.delivered;
  const tookMs: number[] = [];
  let clients = 0;
  let ended = (_count: number, _tookMs: readonly number[]): Round => {
    throw new Error('autocannon has not started');
  };
  let round: Round | undefined;
  const sending = autocannon({
    url: server.url,
    connections: CONNECTIONS,
    amount: requests.length,
    timeout: TIMEOUT_S,
    sampleInt: SAMPLE_MS,
    setupClient: (client: Client) => client.setRequests(requests.slice(share * clients, share * ++clients)),
  });
  sending.on('start', () => {
    ended = watch(server);
  });
  sending.on('response', (_client, _status, _bytes, responseMs) => {
    tookMs.push(responseMs);
    if (tookMs.length === requests.length) round = ended(requests.length, tookMs);
  });
  const { '2xx': accepted, non2xx, errors } = await sending;
  const arrived = puppets.delivered - delivered;
  if (round === undefined || accepted !== requests.length || arrived !== requests.length)
    throw new Error(
      `of ${requests.length} callbacks ${accepted} were answered 200, ${non2xx} otherwise, ${errors} not, and ${arrived} arrived\n${server.logTail()}`,
    );
  return round;
}

/** A program that does less is no comparison. @throws Error */
async function prove(name: string, { url }: Manager, accounts: readonly Account[], puppets: Puppets) {
  const arrived: Delivery[] = [];
  puppets.onDelivery = (delivery) => arrived.push(delivery);
  const post = async ({ account, query, body }: Callback) => {
    const target = `${url}/callback/${account.corpId}?${query}`;
    return (await fetch(target, { method: 'POST', headers: { 'content-type': 'text/xml' }, body })).status;
  };
  const require = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`${name} ${what}`);
  };
  for (const account of accounts) {
    const callback = makeCallback(account);
    require((await post(callback)) === 200, 'refuses a good callback');
    const [delivery, ...more] = arrived.splice(0);
    const signature = new URLSearchParams(callback.query).get('msg_signature') ?? '';
    require(delivery !== undefined && more.length === 0, 'does not deliver a callback once');
    require(delivery?.endpoint === account.endpoint, 'delivers to another puppet');
    require(delivery?.head.includes(signature) === true, 'changes the query');
    require(delivery?.body.toString() === callback.body, 'changes the body');
  }
  const [first] = accounts;
  if (first !== undefined)
    require((await post(makeCallback(first, true))) === 403, 'takes a forged callback');
  require(arrived.length === 0, 'delivers a forged callback');
  puppets.onDelivery = () => {};
}

async function open({ run, core, builds }: Bench): Promise<Contender[]> {
  const puppets = new Puppets();
  const endpoints: string[] = [];
  while (endpoints.length < ACCOUNTS) endpoints.push(await puppets.listen());
  const accounts = makeAccounts(endpoints);
  const file = join(run.temp, 'accounts.json');
  writeFileSync(file, JSON.stringify(accounts));
  const handWritten = {
    name: 'hand-written node:http',
    main: join(run.root, 'lab/bench/baseline-http.ts'),
    ratioMin: HAND_WRITTEN_RATIO_MIN,
  };
  const count = CONNECTIONS * (run.isShort ? PER_CONNECTION.short : PER_CONNECTION.full);
  const callbacks = Array.from({ length: count }, (_, n) => makeCallback(accounts[n % ACCOUNTS] as Account));
  const contenders: Contender[] = [];
  for (const { name, main, ratioMin } of [...builds, handWritten]) {
    const env = { ...(await run.newStore()), WECOM_API_URL: 'http://127.0.0.1:1', ACCOUNTS_FILE: file };
    const server = await Manager.start(run, { port: await stablePort(), env, main, core });
    if (main !== handWritten.main) await server.register(accounts);
    await prove(name, server, accounts, puppets);
    contenders.push({ name, server, ratioMin, round: () => send(server, callbacks, puppets) });
  }
  run.say(
    `each delivers byte for byte and refuses a forged callback; ${CONNECTIONS} connections, ${count} callbacks a round`,
  );
  return contenders;
}

await runBench('callbacks', 'Callbacks delivered per second on one core', PLANS, open);
