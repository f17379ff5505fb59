/** Tokens, keys and certificates are changed while callbacks come, as `docs/operate.md` has it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { BotServer } from '../support/bot-server.js';
import { newCertificate } from '../support/certificate.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { startTlsFront } from '../support/tls-front.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, sendVerification } from '../support/wecom.js';

const place = embeddedPlace();
const folder = mkdtempSync(join(tmpdir(), 'wxkf-certificates-'));
/** Of one puppet, one after the other. */
const expired = newCertificate(new Date('2021-01-01T00:00:00Z'));
const valid = newCertificate(new Date(Date.now() + 86_400_000));
let manager: ManagerProcess;

beforeAll(async () => {
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, expired.cert + valid.cert);
  manager = await startManager({ ...place.env, HOST: '127.0.0.1', NODE_EXTRA_CA_CERTS: authority });
});

afterAll(async () => {
  await manager.stop();
  await place.discard();
  rmSync(folder, { recursive: true });
});

it('a new Token and EncodingAESKey of an app open callbacks beside the old, which open none once all puppets have the new', async () => {
  const puppet = await startPuppetServer();
  const [old, openKfId] = [newApp(), newOpenKfId()];
  const renewed = { ...newApp(), corpId: old.corpId };
  await register(manager.url, old, openKfId, puppet.url);
  expect((await postJson(`${manager.url}/api/v1/apps`, renewed)).status).toBe(200);
  expect(await (await sendVerification(manager.url, renewed, 'opened')).text()).toBe('opened');
  for (const app of [old, renewed]) expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  expect(puppet.received.map(({ path }) => path)).toEqual([
    expect.not.stringMatching(/decrypted$/),
    '/callback/decrypted',
  ]);
  await register(manager.url, renewed, openKfId, puppet.url);
  expect((await sendMessage(manager.url, renewed, openKfId)).status).toBe(200);
  expect(puppet.received.at(-1)?.path).toBe(puppet.received[0]?.path);
  const refused = await sendMessage(manager.url, old, openKfId);
  expect([refused.status, await refused.json()]).toEqual([
    403,
    expect.objectContaining({ error: 'CALLBACK_SIGNATURE_MISMATCH' }),
  ]);
  await puppet.close();
});

it('of a bot whose token and key change, events are kept until its program has both', async () => {
  const bot = await BotServer.start();
  const [app, openKfId] = [newApp(), newOpenKfId()];
  await postJson(`${manager.url}/api/v1/apps`, app);
  const added = await postJson(`${manager.url}/api/v1/bots`, {
    ...{ name: 'Bot', corpId: app.corpId, openKfIds: [openKfId], kind: 'callback' },
    callback: { url: `${bot.url}/wxkf/` },
  });
  const { id, token, encodingAESKey } = (await added.json()) as BotCreatedAnswer;
  bot.keys = { token: token ?? '', encodingAESKey: encodingAESKey ?? '' };
  let taken = 0;
  bot.behave((_request, response) => {
    try {
      const received = bot.received.at(-1);
      if (received !== undefined) bot.open(received);
      taken += 1;
      response.end('success');
    } catch {
      response.writeHead(403).end();
    }
  });
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  expect(taken).toBe(1);
  const renewed = { token: newApp().token, encodingAESKey: newApp().encodingAESKey };
  const changed = await fetch(`${manager.url}/api/v1/bots/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ callback: { url: `${bot.url}/wxkf/`, ...renewed } }),
  });
  expect(changed.status).toBe(200);
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  expect(taken).toBe(1);
  bot.keys = renewed;
  await until(() => taken === 2);
  await bot.close();
});

it('a puppet whose certificate has expired takes nothing, by its stage connect, and what waits is sent to one with a new certificate', async () => {
  const puppet = await startPuppetServer();
  const plainPort = Number(new URL(puppet.url).port);
  const [app, openKfId] = [newApp(), newOpenKfId()];
  const before = await startTlsFront(expired, plainPort);
  await register(manager.url, app, openKfId, `https://127.0.0.1:${before.port}`);
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  const account = await fetch(`${manager.url}/api/v1/accounts/${openKfId}`);
  expect(await account.json()).toMatchObject({
    hint: { lastFailure: { stage: 'connect', reason: expect.stringContaining('CERT_HAS_EXPIRED') } },
  });
  expect(puppet.received).toEqual([]);
  await before.close();
  const after = await startTlsFront(valid, plainPort, before.port);
  await until(() => puppet.received.length === 1);
  await puppet.close();
  await after.close();
});
