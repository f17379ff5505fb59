import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import {
  type BlackHole,
  type RawServer,
  refusedUrl,
  startBlackHole,
  startRawServer,
} from '../../../test/support/raw-server.js';
import { until } from '../../../test/support/until.js';
import { loadConfig } from '../../config/config.js';
import { OwnAddresses } from './own-addresses.js';
import { TunnelDialler } from './tunnel-dialler.js';

/** An address of documentation (RFC 5737), which leads nowhere by itself. */
const WECOM = '192.0.2.1';

let clock: ManualClock;
let server: RawServer;
let gone: AbortController;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startRawServer(() => {});
  gone = new AbortController();
});

afterEach(() => server.close());

const portOf = (url: string): number => Number(new URL(url).port);

/** @param own the port at which the manager listens, on 127.0.0.1. */
function dial(env: Readonly<Record<string, string>>, own = 1) {
  const dialler = new TunnelDialler(loadConfig({ WECOM_API_URL: `https://${WECOM}`, ...env }), clock);
  const addresses = new OwnAddresses({
    address: () => ({ address: '127.0.0.1', family: 'IPv4', port: own }),
  });
  return dialler.dial(addresses, '1.1 test', gone.signal);
}

describe.each(['127.0.0.1', 'localhost'])('the manager at %s is not dialled', (host) => {
  it('as WeCom', async () => {
    const port = portOf(server.url);
    const dialled = dial({ TUNNEL_CONNECT_TO: `${host}:${port}` }, port);
    await expect(dialled).rejects.toMatchObject({ code: 'TUNNEL_TO_ITSELF' });
    expect(server.connections).toBe(0);
  });

  it('as the proxy of HTTPS_PROXY', async () => {
    const port = portOf(server.url);
    const dialled = dial({ HTTPS_PROXY: `http://${host}:${port}` }, port);
    await expect(dialled).rejects.toMatchObject({ code: 'TUNNEL_TO_ITSELF' });
    expect(server.connections).toBe(0);
  });
});

it('dials another port of this machine', async () => {
  const socket = await dial({ TUNNEL_CONNECT_TO: `localhost:${portOf(server.url)}` });
  expect(socket.remotePort).toBe(portOf(server.url));
  socket.destroy();
});

it('says that nobody listens', async () => {
  const { host } = new URL(await refusedUrl());
  await expect(dial({ TUNNEL_CONNECT_TO: host })).rejects.toMatchObject({
    code: 'WECOM_UNREACHABLE',
    detail: 'no connection (ECONNREFUSED)',
  });
});

it('does not ask the proxy of HTTPS_PROXY for what NO_PROXY names', async () => {
  const other = await startRawServer(() => {});
  const directly = expect(dial({ HTTPS_PROXY: server.url, NO_PROXY: WECOM })).rejects.toThrow();
  const through = expect(dial({ HTTPS_PROXY: other.url })).rejects.toThrow();
  await until(() => other.connections === 1);
  expect(server.connections).toBe(0);
  gone.abort(new Error('the caller went'));
  await Promise.all([directly, through]);
  await other.close();
});

describe('where WeCom is silent', () => {
  let hole: BlackHole;

  beforeAll(async () => {
    hole = await startBlackHole();
  });

  afterAll(() => hole.close());

  it('gives up after 5 s', async () => {
    const dialled = dial({ TUNNEL_CONNECT_TO: new URL(hole.url).host });
    let isOver = false;
    void dialled.catch(() => (isOver = true));
    await clock.advance(4_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await expect(dialled).rejects.toMatchObject({
      code: 'WECOM_UNREACHABLE',
      detail: 'no connection (ETIMEDOUT)',
    });
  });

  it('ends at once when the caller goes', async () => {
    const dialled = dial({ TUNNEL_CONNECT_TO: new URL(hole.url).host });
    gone.abort(new Error('the caller went'));
    await expect(dialled).rejects.toMatchObject({ code: 'WECOM_UNREACHABLE' });
    expect(clock.pendingTimers).toBe(0);
  });
});
