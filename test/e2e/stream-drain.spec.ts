/** What `connect` and the client in TypeScript do when a manager says that it stops, and when it is silent about it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LineProcess } from '../../packages/simulator/demo/line-process.js';
import { leftovers } from '../support/leftovers.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { ScriptedManager } from '../support/scripted-manager.js';
import { until } from '../support/until.js';

const MESSAGE = { msgid: 'm', open_kfid: 'wkAAA', send_time: 0, origin: 3, msgtype: 'image' };

let manager: ScriptedManager;
let program: PuppetServer;
let child: LineProcess;

beforeEach(async () => {
  [manager, program] = [await ScriptedManager.start(), await startPuppetServer()];
});

afterEach(async () => {
  await child.stop('SIGKILL');
  await Promise.all([manager.close(), program.close()]);
});

function started(program: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
  child = new LineProcess(program, { args, env });
  const kill = () => void child.stop('SIGKILL');
  leftovers.add(kill);
  void child.exited.then(() => leftovers.delete(kill));
}

function startConnect(): void {
  const args = ['connect', '--manager', manager.url, '--forward', program.url];
  started('dist/cli.js', args, { WXKF_KEY: 'k' });
}

const event = (id: string) => ({
  ...{ type: 'event', id, attempt: 1, openKfId: 'wkAAA', corpId: 'ww1', ageMs: 0 },
  message: MESSAGE,
});

it('connect awaits a program for as long as the event says, and refuses nothing that is late', async () => {
  const answers = new Map<unknown, () => void>();
  program.behave(({ headers }, response) => {
    answers.set(headers['webhook-id'], () => response.end());
  });
  startConnect();
  const stream = await manager.stream(1, { ackMs: 500 });
  stream.tell({ ...event('long'), ackMs: 60_000 });
  await until(() => answers.has('long'));
  stream.tell(event('short'));
  await child.line(/ no answer within 0\.25 s$/);
  answers.get('long')?.();
  await stream.frame('ack', 'long');
  expect(stream.frames.map(({ type }) => type)).toEqual(['hello', 'ack']);
});

describe.each([
  ['connect', startConnect],
  [
    'the client in TypeScript',
    () =>
      started('packages/client-typescript/examples/echo.ts', [], {
        WXKF_MANAGER: manager.url,
        WXKF_KEY: 'k',
      }),
  ],
])('%s', (_what, start) => {
  it('answers a ping, connects again before a connection that drains ends, and acknowledges over each what came over it', async () => {
    start();
    const first = await manager.stream(1);
    first.tell({ type: 'of-a-later-version' });
    first.tell({ type: 'ping', at: 42 });
    expect(await first.frame('pong')).toEqual({ type: 'pong', at: 42 });
    first.tell({ type: 'goaway', reason: 'drain', reconnectAfterMs: 10 });
    const second = await manager.stream(2);
    expect(first.isOpen).toBe(true);
    first.tell(event('late'));
    expect(await first.frame('ack')).toMatchObject({ id: 'late' });
    // Another replica has the client now.
    first.tell({ type: 'goaway', reason: 'replaced', reconnectAfterMs: 0 });
    first.end(4001);
    second.tell(event('new'));
    expect(await second.frame('ack')).toMatchObject({ id: 'new' });
    expect(manager.opened).toBe(2);
  });

  it('connects again when a connection ends without a word', async () => {
    start();
    (await manager.stream(1)).end(1011);
    const second = await manager.stream(2);
    second.tell(event('after'));
    expect(await second.frame('ack')).toMatchObject({ id: 'after' });
  });
});
