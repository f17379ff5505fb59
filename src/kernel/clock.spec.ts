import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from './clock.js';
import { withinDeadline } from './deadline.js';

const LIMIT_MS = 20;

/** The process stands still, as on a host that has no time for it. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('an answer that came while the process stood still', () => {
  const server = createServer();
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    near = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [[far]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(near, 'connect')]);
  });

  afterEach(async () => {
    near.destroy();
    far.destroy();
    server.close();
    await once(server, 'close');
  });

  it('was in time for a deadline', async () => {
    const answered = withinDeadline(LIMIT_MS, 'ask', once(near, 'data'));
    await turn();
    far.write('yes');
    standStill(2 * LIMIT_MS);
    expect(String(await answered)).toBe('yes');
  });

  it('is heard before a timer runs out, which can still be cancelled then', async () => {
    const heard: string[] = [];
    const timer = new SystemClock().after(LIMIT_MS, () => heard.push('timer'));
    near.once('data', () => {
      heard.push('answer');
      timer.cancel();
    });
    await turn();
    far.write('yes');
    standStill(2 * LIMIT_MS);
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(heard).toEqual(['answer']);
  });
});

it('rejects with what was waited for when there is no answer', async () => {
  await expect(withinDeadline(1, 'ask', new Promise(() => {}))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    internal: { what: 'ask', limitMs: 1 },
  });
});
