/** More callbacks than the built process may take on: kept, then refused; everything else goes on. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CallAnswer, call, jsonOf } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { hintCounts, scrape } from '../support/metrics.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, register, startPuppetServer } from '../support/puppet-server.js';
// One of them is MongoDB.
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  sealCallback,
  sendMessage,
  sendVerification,
  type WecomApp,
} from '../support/wecom.js';

let place: Place;
let manager: ManagerProcess;
let app: WecomApp;
let puppet: PuppetServer;

function managerWith(env: Readonly<Record<string, string>>, newPlace = embeddedPlace): void {
  beforeAll(async () => {
    place = newPlace();
    manager = await startManager({ ...place.env, HOST: '127.0.0.1', ...env });
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });
}

/** Answers that the puppet has not given yet. */
let held: ServerResponse[];

beforeEach(async () => {
  app = newApp();
  held = [];
  puppet = await startPuppetServer((_request, response) => void held.push(response));
});

afterEach(async () => {
  release();
  await untilNothingWaits();
  await puppet.close();
});

/** It takes what it has, and all that comes. */
function release(): void {
  puppet.behave((_request, response) => void response.end('success'));
  for (const response of held.splice(0)) response.end('success');
}

async function newAccount(): Promise<string> {
  const openKfId = newOpenKfId();
  await register(manager.url, app, openKfId, puppet.url);
  return openKfId;
}

const encrypted = (openKfId: string): Promise<CallAnswer> => {
  const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
  return call(`${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: ['Content-Type', 'text/xml'],
    body,
  });
};

const decrypted = (openKfId: string): Promise<CallAnswer> =>
  call(`${manager.url}/callback/decrypted/${app.corpId}`, {
    method: 'POST',
    headers: ['Content-Type', 'application/json'],
    body: JSON.stringify({ token: 'sync', openKfId }),
  });

async function untilNothingWaits(): Promise<void> {
  await until(async () => (await hintCounts(manager.url)).waiting === 0);
}

async function counted(action: string, reason: string): Promise<number> {
  return (await scrape(manager.url)).value('wxkf_overload_total', { action, reason });
}

onEachStoreNightly((newPlace) => {
  describe('more events than may be tried at a time', () => {
    managerWith({ CALLBACKS_TRIED_MAX: '1' }, newPlace);

    it('are kept at once and delivered a little later', async () => {
      const [slow, other] = [await newAccount(), await newAccount()];
      const isOverloaded = ({ openKfId, stage }: Readonly<Record<string, unknown>>): boolean =>
        openKfId === other && stage === 'overloaded';
      // Its attempt holds the one place, for 5 s at most.
      while (!manager.log.some(isOverloaded)) {
        const asked = puppet.next();
        const holding = encrypted(slow);
        await asked;
        expect((await encrypted(other)).status).toBe(200);
        expect(jsonOf(await decrypted(other))).toMatchObject({ code: 0 });
        expect((await holding).status).toBe(200);
      }
      expect(await manager.line(({ msg }) => msg === 'overload.began')).toMatchObject({
        level: 40,
        action: 'kept',
        reason: 'under_way',
      });
      const kept = manager.log.filter(({ stage }) => stage === 'overloaded').length;
      expect(await counted('kept', 'under_way')).toBe(kept);
      release();
      await untilNothingWaits();
      const ids = puppet.received.map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids).size).toBeGreaterThan(1);
    });
  });
});

describe('more callbacks than may be under way', () => {
  managerWith({ CALLBACKS_UNDER_WAY_MAX: '2' });

  /** Of both forms, at once, to a puppet that says nothing: two of them are taken on. */
  async function untilRefused(openKfId: string, meanwhile = async () => {}): Promise<CallAnswer[]> {
    for (;;) {
      const asked = puppet.next();
      const sent = [1, 2, 3, 4].flatMap(() => [encrypted(openKfId), decrypted(openKfId)]);
      await asked;
      await meanwhile();
      const answers = await Promise.all(sent);
      expect(answers.filter(({ status }) => status === 200)).not.toEqual([]);
      const others = answers.filter(({ status }) => status !== 200);
      if (others.length > 0) return others;
    }
  }

  it('are refused in one shape, and told when to come again', async () => {
    const before = await counted('refused', 'under_way');
    const answers = await untilRefused(await newAccount());
    expect(await counted('refused', 'under_way')).toBe(before + answers.length);
    for (const refused of answers) {
      expect([refused.status, jsonOf(refused)]).toEqual([
        503,
        {
          code: 503,
          message: 'More callbacks come in than this process can take now; send it again',
          error: 'OVERLOADED',
          requestId: refused.headers['x-request-id'],
        },
      ]);
      expect(refused.headers['retry-after']).toBe('1');
    }
  });

  it('do not keep others from being answered', async () => {
    await untilRefused(await newAccount(), async () => {
      expect((await fetch(`${manager.url}/health/ready`)).status).toBe(200);
      await newAccount();
      const verified = await sendVerification(manager.url, app, 'echo');
      expect([verified.status, await verified.text()]).toEqual([200, 'echo']);
    });
  });

  it('are taken again as soon as there is room, and what was taken before is delivered', async () => {
    const openKfId = await newAccount();
    await untilRefused(openKfId);
    release();
    for (let n = 0; n < 20; n++) expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  });

  it('leave one warning in the log and no line each', async () => {
    await call(`${manager.url}/nothing`, { headers: ['x-request-id', 'the-last'] });
    await manager.line(({ requestId }) => requestId === 'the-last');
    const began = manager.log.filter(({ msg }) => msg === 'overload.began');
    const ended = manager.log.filter(({ msg }) => msg === 'overload.ended');
    expect(began.length - ended.length).toBeLessThanOrEqual(1);
    expect(began[0]).toMatchObject({ level: 40, action: 'refused', reason: 'under_way', events: 2 });
    expect(manager.log.filter(({ error }) => error === 'OVERLOADED')).toEqual([]);
  });
});
