/** Registrations through the built process, on both stores: embedded and MongoDB. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { suiteManager } from '../support/suite-manager.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

onEachStoreNightly((newPlace) => {
  const manager = suiteManager(() => {
    const place = newPlace();
    return { ...place, env: { ...place.env, TRUST_PROXY: '127.0.0.1' } };
  });
  let puppet: PuppetServer;
  let app: WecomApp;
  let openKfId: string;

  beforeEach(async () => {
    app = newApp();
    openKfId = newOpenKfId();
    puppet = await startPuppetServer();
  });

  afterEach(() => puppet.close());

  const post = (route: string, body: unknown) => postJson(`${manager.url}/puppetWxkfManager/${route}`, body);
  const info = async () =>
    (await fetch(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/${openKfId}`)).json();
  const send = () => sendMessage(manager.url, app, openKfId);

  it('answers exactly what the deployed puppet expects', async () => {
    const response = await post('register', registrationOf(app, openKfId, puppet.url));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ code: 0, message: 'success' });
  });

  it('takes the request of a puppet whose manager endpoint ends with a slash', async () => {
    const url = `${manager.url}//puppetWxkfManager/register`;
    expect((await postJson(url, registrationOf(app, openKfId, puppet.url))).status).toBe(200);
  });

  it('ignores fields that it does not know', async () => {
    const body = { ...registrationOf(app, openKfId, puppet.url), contactWay: { nested: [1] }, online: false };
    expect((await post('register', body)).status).toBe(200);
    expect(await info()).toMatchObject({ online: true });
  });

  it('shows the registration without any secret', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    expect(await info()).toEqual({
      kfId: openKfId,
      kfName: '客服一号',
      endpoint: puppet.url,
      corpId: app.corpId,
      online: true,
      lastOnlineDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  it('says that it does not know an account', async () => {
    expect(await info()).toMatchObject({ code: 404, error: 'REGISTRY_PUPPET_NOT_FOUND' });
  });

  it('names every wrong field of a registration, and quotes no secret', async () => {
    const body = {
      kfId: 'has a blank',
      kfName: 'n'.repeat(129),
      endpoint: 'ftp://host',
      corpId: '',
      corpSecret: 7,
      token: 'not-letters-and-digits',
      encodingAESKey: 'abc=',
    };
    const response = await post('register', body);
    const answer = (await response.json()) as { message: string };
    expect(answer).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
    for (const field of Object.keys(body)) expect(answer.message).toContain(`${field} must`);
    expect(answer.message).not.toContain(body.token);
    expect(answer.message).not.toContain(body.encodingAESKey);
  });

  it('takes a key that is not canonical base64, as most real ones are', async () => {
    const real = { ...app, encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' };
    await register(manager.url, real, openKfId, puppet.url);
    const response = await sendMessage(manager.url, real, openKfId);
    expect(response.status).toBe(200);
  });

  it('delivers to the new endpoint and with the new keys after a registration that changes them', async () => {
    const moved = await startPuppetServer();
    await register(manager.url, app, openKfId, puppet.url);
    const changed = { ...newApp(), corpId: app.corpId };
    await register(manager.url, changed, openKfId, moved.url);
    const response = await sendMessage(manager.url, changed, openKfId);
    expect(response.status).toBe(200);
    expect([puppet.received.length, moved.received.length]).toEqual([0, 1]);
    expect((await send()).status).toBe(403);
    await moved.close();
  });

  it('forgets nothing when a puppet says goodbye, and serves it again when it is back', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const goodbye = await post('deregister', { kfId: openKfId, corpId: app.corpId, kfName: 'ignored' });
    expect([goodbye.status, await goodbye.json()]).toEqual([200, { code: 0, message: 'success' }]);
    expect(await info()).toMatchObject({ online: false, endpoint: puppet.url });
    expect((await send()).status).toBe(200);
    expect(puppet.received).toEqual([]);
    const kept = puppet.next();
    await register(manager.url, app, openKfId, puppet.url);
    await kept;
    expect((await send()).status).toBe(200);
    expect(puppet.received).toHaveLength(2);
  });

  it('knows its endpoint in another spelling', async () => {
    await register(manager.url, app, openKfId, `${puppet.url}/`);
    const endpoint = puppet.url.replace('http:', 'HTTP:');
    await post('deregister', { kfId: openKfId, corpId: app.corpId, endpoint });
    expect(await info()).toMatchObject({ online: false });
  });

  it('sends a puppet at once what comes after a goodbye that anybody could have said', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    const goodbye = JSON.stringify({ kfId: openKfId, corpId: app.corpId });
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '10.9.9.9' };
    const url = `${manager.url}/puppetWxkfManager/deregister`;
    expect((await fetch(url, { method: 'POST', headers, body: goodbye })).status).toBe(200);
    expect(await info()).toMatchObject({ online: false });
    expect((await send()).status).toBe(200);
    expect(puppet.received).toHaveLength(1);
    await until(async () => ((await info()) as { online: boolean }).online);
  });

  it.each([
    ['twice', (kfId: string, corpId: string) => ({ kfId, corpId })],
    ['for an unknown account', (_kfId: string, corpId: string) => ({ kfId: newOpenKfId(), corpId })],
  ])('answers a goodbye %s like any other', async (_what, goodbye) => {
    await register(manager.url, app, openKfId, puppet.url);
    for (const _time of [1, 2]) {
      const response = await post('deregister', goodbye(openKfId, app.corpId));
      expect([response.status, await response.json()]).toEqual([200, { code: 0, message: 'success' }]);
    }
  });

  it.each([
    ['names another corp', { corpId: 'wwSomebodyElse' }],
    ['names an endpoint that is not the registered one', { endpoint: 'http://old-host:8080' }],
  ])('acknowledges and ignores a goodbye that %s', async (_what, difference) => {
    await register(manager.url, app, openKfId, puppet.url);
    const response = await post('deregister', { kfId: openKfId, corpId: app.corpId, ...difference });
    expect(response.status).toBe(200);
    expect(await info()).toMatchObject({ online: true });
  });

  it('still knows every puppet that was answered after it was killed', async () => {
    await register(manager.url, app, openKfId, puppet.url);
    await manager.restart('SIGKILL');
    // Where the kill came before the word of its answer was written, it is held back for 5 s.
    const arrived = puppet.next();
    expect((await send()).status).toBe(200);
    await arrived;
  });
});
