/**
 * Small API calls per second through tunnels of the product, on connections that stay open. What is in a tunnel is not
 * looked at, so that the calls need no TLS here, which would cost the generator more than a tunnel costs the product.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { join as joinSockets } from '../../../test/support/tls-front.js';
import { type AddedBot, addTunnelBot, basicOf, tunnelOf } from '../../../test/support/tunnels.js';
import { ApiSink, makeApps, SENT_BODY } from './api-sink.js';
import type { Child } from './child.js';
import { type Program, type Setting, startProgram } from './programs.js';
import { makeBody, makeSends } from './proxy.js';
import { runInTurns, type TurnPlan } from './turns.js';
import type { Rounds } from './verdict.js';

/** Each may open 30 tunnels a second, and a round begins with 64 at once. */
const BOTS = 8;
const PREFIX = '/cgi-bin';

/**
 * @param started told each child before anything can fail, so that it is ended whatever happens.
 * @throws Error when a call through a tunnel is not answered as WeCom does.
 */
export async function measureTunnel(
  base: Setting,
  plan: TurnPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Rounds> {
  const apps = makeApps(BOTS);
  const sink = await ApiSink.open(apps, makeBody(0).length);
  const entry = createServer({ noDelay: true });
  try {
    const env = {
      ...sink.env,
      TUNNELS: 'true',
      TUNNEL_CONNECT_TO: new URL(sink.env.WECOM_API_URL ?? '').host,
    };
    const setting = { ...base, temp: join(base.temp, 'tunnel'), accounts: [], env };
    mkdirSync(setting.temp);
    const ours = await startProgram('ours', setting, started);
    const url = `http://127.0.0.1:${ours.port}`;
    const bots: AddedBot[] = [];
    for (const { corpId } of apps) bots.push(await addTunnelBot(url, corpId));
    const program = { ...ours, port: await enter(entry, url, bots) };
    const sends = makeSends(
      apps.map(({ accessToken }) => accessToken),
      PREFIX,
    );
    await prove(program, sends[0]?.target ?? '');
    say('a call through a tunnel is answered byte for byte');

    const rightBody = SENT_BODY.toString();
    const isRight = (body: string) => body === rightBody;
    const work = { requests: sends, isRight, count: () => sink.sent };
    const rounds = await runInTurns([{ key: 'tunnel', program }], work, plan, say);
    await ours.child.stop();
    return rounds;
  } finally {
    entry.close();
    sink.close();
  }
}

/** Leads each connection through a tunnel, since the generator knows none. @returns where it is entered. */
async function enter(entry: Server, url: string, bots: readonly AddedBot[]): Promise<number> {
  let next = 0;
  entry.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    const { key = '' } = bots[next++ % bots.length] ?? {};
    tunnelOf(url, '127.0.0.1:443', basicOf(key)).then(
      (tunnel) => joinSockets(socket, tunnel.setNoDelay(true)),
      () => socket.destroy(),
    );
  });
  entry.listen(0, '127.0.0.1');
  await once(entry, 'listening');
  return (entry.address() as AddressInfo).port;
}

async function prove({ port, child }: Program, target: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${PREFIX}${target}`, {
    method: 'POST',
    body: new Uint8Array(makeBody(0)),
    signal: AbortSignal.timeout(10_000),
  });
  const got = Buffer.from(await answer.arrayBuffer());
  if (!got.equals(SENT_BODY)) throw new Error(`a tunnel changed the answer: ${got}\n${child.logTail()}`);
}
