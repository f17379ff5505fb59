/** What is promised of the log as it leaves the process: lines for people, and fewer of what went well. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnManager, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
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
  it('writes so few of the lines of what went well, and leaves out nothing that was kept or refused, nor a registration', async () => {
    const manager = await startManager({ ...place.env, LOG_HEALTHY_ONE_IN: '3' });
    await register(manager.url, app, openKfId, puppet.url);
    for (let n = 0; n < 5; n++) expect((await sendVerification(manager.url, app, 'hello')).status).toBe(200);
    puppet.behave((_request, response) => void response.writeHead(500).end());
    for (let n = 0; n < 2; n++) expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    const stranger = { ...app, token: 'OfSomebodyElse' };
    for (let n = 0; n < 2; n++)
      expect((await sendVerification(manager.url, stranger, 'hello')).status).toBe(403);
    for (let n = 0; n < 2; n++) await register(manager.url, app, openKfId, `${puppet.url}/moved-${n}`);
    for (let n = 0; n < 2; n++) await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`);
    expect(await manager.stop()).toBe(0);
    const answered = manager.log.filter(({ msg }) => msg === 'callback.answered');
    expect(answered.map(({ outcome, oneIn }) => [outcome, oneIn])).toEqual([
      ['verified', 3],
      ['verified', 3],
      ['pending', undefined],
      ['pending', undefined],
      ['refused', undefined],
      ['refused', undefined],
    ]);
    // Of five: the first registration and the first of the two questions.
    const others = manager.log.filter(({ msg, oneIn }) => msg === 'http.answered' && oneIn === 3);
    expect(others.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(manager.log.filter(({ msg }) => msg === 'registry.changed')).toHaveLength(2);
    const notTaken = manager.log.filter(({ msg, taken }) => msg === 'hint.attempted' && taken === false);
    expect(notTaken.every(({ oneIn }) => oneIn === undefined)).toBe(true);
  });
});

describe('LOG_FORMAT=pretty', () => {
  const LINE =
    /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})\] [A-Z]+: \w+\.\w+( \w+=("([^"\\]|\\.)*"|\{.*\}|[^\s"]+))*$/;

  it('writes a line for each, in local time, with readable fields and no colours where nobody looks', async () => {
    const startedMs = Date.now();
    const manager = spawnManager({ ...place.env, LOG_FORMAT: 'pretty', TZ: 'Asia/Shanghai' });
    await until(() => manager.output().includes('manager.listening'));
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
