/** One account that fails costs the other accounts of its bot nothing. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ok, refusal, sendAnswer } from '../../packages/simulator/api/answers.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { HintPageAnswer } from '../../src/api/waiting/hints.dto.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { type Place, sealedPlace } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, nowS, sendMessage, type WecomApp } from '../support/wecom.js';
import type { Behaviour } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** More than open a circuit. */
const MANY = 7;
const EVENTS = 6;
/** Failures in a row that open a circuit. */
const FAILURES_UNTIL_OPEN = 5;
/** WeCom: the app does not manage this account. */
const NOT_MANAGED = 95_017;

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let wecom: WecomServer;
  let app: WecomApp;
  let puppet: PuppetServer;
  let bad: string;
  let good: readonly string[];
  /** What `kf/sync_msg` has for each account: its cursor is how many were read. */
  let said: Map<string, string[]>;

  beforeAll(async () => {
    wecom = await startWecomServer();
    wecom.behave('kf/sync_msg', syncMsg);
    place = sealedPlace(newPlace());
    manager = await startManager({
      ...place.env,
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
    });
  });

  afterAll(async () => {
    await manager.stop();
    await wecom.close();
    await place.discard();
  });

  beforeEach(async () => {
    app = newApp();
    [bad, good, said] = [newOpenKfId(), [newOpenKfId(), newOpenKfId()], new Map()];
    wecom.addSecret(app.corpId, 'corp-secret-of-the-tests');
    puppet = await startPuppetServer((request, response) => {
      response.writeHead(isFor(puppet, bad) ? 500 : 200).end();
    });
    expect((await postJson(`${manager.url}/api/v1/apps`, { ...app })).status).toBe(200);
  });

  afterEach(() => puppet.close());

  const syncMsg: Behaviour = ({ call, response }) => {
    const { open_kfid: openKfId, cursor = '0' } = JSON.parse(call.text ?? '');
    if (openKfId === bad) return sendAnswer(response, refusal(NOT_MANAGED, 'the app does not manage it'));
    const all = said.get(openKfId) ?? [];
    const entries = all.slice(Number(cursor)).map((text) => ({
      ...{ msgid: randomUUID(), open_kfid: openKfId, external_userid: 'wmCustomer' },
      ...{ send_time: nowS(), origin: 3, msgtype: 'text', text: { content: text } },
    }));
    sendAnswer(response, ok({ next_cursor: `${all.length}`, has_more: 0, msg_list: entries }));
  };

  /** A customer writes. @returns whether the event was delivered at once. */
  async function write(openKfId: string, text = 'hello'): Promise<string | undefined> {
    said.set(openKfId, [...(said.get(openKfId) ?? []), text]);
    const seen = outcomesOf(openKfId).length;
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    await until(() => outcomesOf(openKfId).length > seen);
    return outcomesOf(openKfId).at(-1);
  }

  const lines = () => manager.output().split('\n');
  const outcomesOf = (openKfId: string) =>
    lines().flatMap((line) =>
      line.includes('"callback.answered"') && line.includes(openKfId)
        ? [String(JSON.parse(line).outcome)]
        : [],
    );
  const failuresOf = (openKfIds: readonly string[]) =>
    lines().filter(
      (line) =>
        line.includes('"message.attempted"') &&
        line.includes('"taken":false') &&
        openKfIds.some((openKfId) => line.includes(openKfId)),
    ).length;

  async function addMessageBot(openKfIds: readonly string[]): Promise<void> {
    const response = await postJson(`${manager.url}/api/v1/bots`, {
      ...{ name: 'Support bot', corpId: app.corpId, corpSecret: 'corp-secret-of-the-tests', openKfIds },
      ...{ kind: 'puppet', takes: 'message' },
    });
    const answer = (await response.json()) as BotCreatedAnswer;
    expect([response.status, answer]).toEqual([200, expect.anything()]);
    for (const openKfId of openKfIds) {
      const registered = await fetch(`${manager.url}/puppetWxkfManager/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${answer.key}` },
        body: JSON.stringify({ ...registrationOf(app, openKfId, puppet.url), takes: 'message' }),
      });
      expect(registered.status).toBe(200);
    }
  }

  async function register(openKfId: string): Promise<void> {
    // Without keys it is sent events in the form that names the account.
    const { token: _token, encodingAESKey: _key, ...keyless } = registrationOf(app, openKfId, puppet.url);
    expect((await postJson(`${manager.url}/puppetWxkfManager/register`, keyless)).status).toBe(200);
  }

  const textsOf = ({ received }: PuppetServer) =>
    received.map(({ body }) => (JSON.parse(body) as { text: { content: string } }).text.content);

  it('an account whose events are refused', async () => {
    for (const openKfId of [bad, ...good]) await register(openKfId);
    for (let n = 0; n < MANY; n++) expect(await write(bad)).toBe('pending');
    for (let n = 0; n < EVENTS; n++) {
      for (const openKfId of good) expect(await write(openKfId)).toBe('delivered');
      expect(await write(bad)).toBe('pending');
    }
    const hints = await fetch(`${manager.url}/api/v1/hints?corpId=${app.corpId}`);
    expect((await hints.json()) as HintPageAnswer).toMatchObject({ items: [{ openKfId: bad }] });
  });

  it('an account whose pulls WeCom refuses', async () => {
    await addMessageBot([bad, ...good]);
    for (let n = 0; n < MANY; n++) expect(await write(bad)).toBe('pending');
    const expected: string[] = [];
    for (let n = 0; n < EVENTS; n++) {
      for (const openKfId of good) {
        expected.push(`${n} of ${openKfId}`);
        expect(await write(openKfId, `${n} of ${openKfId}`)).toBe('delivered');
      }
      expect(await write(bad)).toBe('pending');
    }
    await until(() => puppet.received.length >= expected.length);
    expect(textsOf(puppet).toSorted()).toEqual(expected.toSorted());
  });

  describe('a bot that takes messages and is away', () => {
    it('has what customers write pulled all the same, and gets all of it when it is back', async () => {
      const away = Array.from({ length: FAILURES_UNTIL_OPEN }, newOpenKfId);
      const next = newOpenKfId();
      await addMessageBot([...away, next]);
      const { port } = new URL(puppet.url);
      await puppet.close();
      for (const openKfId of away) expect(await write(openKfId, openKfId)).toBe('delivered');
      await until(() => failuresOf(away) >= FAILURES_UNTIL_OPEN);
      puppet = await startPuppetServer(undefined, Number(port));
      expect(await write(next, 'next')).toBe('delivered');
      await until(() => puppet.received.length === away.length + 1);
      expect(textsOf(puppet).toSorted()).toEqual([...away, 'next'].toSorted());
    });
  });
});

/** Whether the latest request is of that account. */
function isFor({ received }: PuppetServer, openKfId: string): boolean {
  return received.at(-1)?.body.includes(openKfId) ?? false;
}
