/** What is promised of the log as it leaves the process: lines for people, and fewer of what went well. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage, sendVerification, type WecomApp } from '../support/wecom.js';

let place: Place;
let puppet: PuppetServer;
let app: WecomApp;
let openKfId: string;

beforeEach(async () => {
  place = embeddedPlace();
  puppet = await startPuppetServer();
  app = newApp();
  openKfId = newOpenKfId();
});

afterEach(async () => {
  await puppet.close();
  await place.discard();
});

describe('LOG_HEALTHY_ONE_IN', () => {
  let manager: ManagerProcess;

  const start = async (oneIn: string): Promise<void> => {
    manager = await startManager({ ...place.env, LOG_HEALTHY_ONE_IN: oneIn });
    await register(manager.url, app, openKfId, puppet.url);
  };
  /** Ends well however slow everything is. */
  const verify = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++)
      expect((await sendVerification(manager.url, app, 'hello')).status).toBe(200);
  };
  const linesOf = async (msg: string) => {
    expect(await manager.stop()).toBe(0);
    return manager.log.filter((line) => line.msg === msg);
  };
  /** How many there were, as the lines say. */
  const countOf = (lines: readonly Readonly<Record<string, unknown>>[]): number =>
    lines.reduce((sum, { oneIn }) => sum + Number(oneIn ?? 1), 0);

  it('writes the first line of what went well and then every n-th, which says for how many it stands', async () => {
    await start('3');
    await verify(9);
    const lines = await linesOf('callback.answered');
    expect(lines).toHaveLength(3);
    expect(lines.every(({ oneIn, outcome }) => oneIn === 3 && outcome === 'verified')).toBe(true);
    expect(countOf(lines)).toBe(9);
  });

  it('counts each name by itself', async () => {
    await start('1000');
    await verify(2);
    for (let n = 0; n < 2; n++) await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`);
    await manager.stop();
    const names = manager.log.filter(({ oneIn }) => oneIn === 1000).map(({ msg }) => msg);
    expect(names.sort()).toEqual(['callback.answered', 'http.answered']);
  });

  it('leaves out nothing that was kept or refused, nor a registration', async () => {
    await start('1000');
    await verify(3);
    puppet.behave((_request, response) => void response.writeHead(500).end());
    for (let n = 0; n < 2; n++) expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    const stranger = { ...app, token: 'OfSomebodyElse' };
    for (let n = 0; n < 2; n++)
      expect((await sendVerification(manager.url, stranger, 'hello')).status).toBe(403);
    for (let n = 0; n < 2; n++) await register(manager.url, app, openKfId, `${puppet.url}/moved-${n}`);
    const outcomes = (await linesOf('callback.answered')).map(({ outcome, oneIn }) => [outcome, oneIn]);
    expect(outcomes).toEqual([
      ['verified', 1000],
      ['pending', undefined],
      ['pending', undefined],
      ['refused', undefined],
      ['refused', undefined],
    ]);
    expect(manager.log.filter(({ msg }) => msg === 'registry.changed')).toHaveLength(2);
    const notTaken = manager.log.filter(({ msg, taken }) => msg === 'hint.attempted' && taken === false);
    expect(notTaken.every(({ oneIn }) => oneIn === undefined)).toBe(true);
  });

  it('by default writes every line, which then does not speak of it', async () => {
    await start('1');
    await verify(2);
    const lines = await linesOf('callback.answered');
    expect(lines).toHaveLength(2);
    expect(lines[0]).not.toHaveProperty('oneIn');
  });
});

describe('LOG_FORMAT=pretty', () => {
  const LINE =
    /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\] [A-Z]+: \w+\.\w+( \w+=("([^"\\]|\\.)*"|\{.*\}|[^\s"]+))*$/;

  it('writes a line for each, in local time, with readable fields and no colours where nobody looks', async () => {
    const startedMs = Date.now();
    const manager = spawnManager({ ...place.env, LOG_FORMAT: 'pretty', TZ: 'Asia/Shanghai' });
    while (!manager.output().includes('manager.listening')) await new Promise(setImmediate);
    const [, url = ''] = /manager\.listening url=(\S+)/.exec(manager.output()) ?? [];
    await fetch(`${url}/no-such-route`, { headers: { 'x-request-id': 'my-own-id' } });
    expect(await manager.stop()).toBe(0);
    const lines = manager.output().trimEnd().split('\n');
    expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
    expect(lines.find((line) => line.includes('http.answered'))).toMatch(
      /INFO: http\.answered status=404 durationMs=[\d.]+ method=GET url=\/no-such-route error=ROUTE_NOT_FOUND requestId=my-own-id$/,
    );
    const [, first = ''] = LINE.exec(lines[0] ?? '') ?? [];
    const saidMs = Date.parse(`${first.replace(' ', 'T')}+08:00`);
    expect(saidMs).toBeGreaterThanOrEqual(startedMs);
    expect(saidMs).toBeLessThanOrEqual(Date.now());
  });
});
