/** Replicas on one database: customers write through one of them, and programs reply through another. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { AccountAnswer } from '../../src/api/accounts/account.dto.js';
import { answerAs } from '../support/answers.js';
import { mongoPlace } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import type { Place } from '../support/place.js';
import { postJson, type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const SECRET = 'corp-secret-of-the-tests';
/** The least that may be set. */
const REPLY_WITHIN_S = 5;
/** How long after that, or after a reply, all replicas know it. */
const KNOWN_WITHIN_MS = 5_000;

const INSTALLATIONS = [
  ['two replicas', 2, {}],
  ['three replicas without a delivery log', 3, { DELIVERY_LOG_DAYS: '0' }],
] as const;

mongoSuite.each(INSTALLATIONS)('an account of %s', (_what, count, settings) => {
  const app = newApp();
  const openKfId = newOpenKfId();
  let place: Place;
  let wecom: WecomServer;
  let program: PuppetServer;
  let replicas: ManagerProcess[];
  let one: ManagerProcess;
  let other: ManagerProcess;
  let bot: BotCreatedAnswer;

  beforeAll(async () => {
    place = mongoPlace();
    [program, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
    wecom.addSecret(app.corpId, SECRET);
    const ofWecom = { ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url };
    const env = { ...place.env, ...ofWecom, ...settings, REPLY_WITHIN_S: String(REPLY_WITHIN_S) };
    replicas = await Promise.all(Array.from({ length: count }, () => startManager(env)));
    [one, other] = replicas as [ManagerProcess, ManagerProcess];
    const { corpId, token, encodingAESKey } = app;
    await postJson(`${one.url}/api/v1/apps`, { corpId, token, encodingAESKey });
    const added = {
      name: 'Bot',
      corpId,
      openKfIds: [openKfId],
      kind: 'callback',
      callback: { url: program.url },
    };
    bot = (await (await postJson(`${one.url}/api/v1/bots`, added)).json()) as BotCreatedAnswer;
    await until(async () => {
      const found = replicas.map(async ({ url }) => (await fetch(`${url}/api/v1/bots/${bot.id}`)).status);
      return (await Promise.all(found)).every((status) => status === 200);
    });
  });

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await Promise.all([program.close(), wecom.close()]);
    await place.discard();
  });

  const stateAt = async ({ url }: ManagerProcess) =>
    answerAs(AccountAnswer, await (await fetch(`${url}/api/v1/accounts/${openKfId}`)).json()).state;
  const states = () => Promise.all(replicas.map(stateAt));
  const become = (state: string) => until(async () => (await states()).every((now) => now === state));

  async function write(): Promise<void> {
    expect((await sendMessage(one.url, app, openKfId)).status).toBe(200);
  }

  async function reply(): Promise<void> {
    const base = `${other.url}/bot/${bot.key}/cgi-bin`;
    const query = new URLSearchParams({ corpid: app.corpId, corpsecret: SECRET });
    const { access_token: token } = (await (await fetch(`${base}/gettoken?${query}`)).json()) as {
      access_token: string;
    };
    const text = { touser: 'wm1', open_kfid: openKfId, msgtype: 'text', text: { content: 'hi' } };
    const sent = await postJson(`${base}/kf/send_msg?access_token=${token}`, text);
    expect(await sent.json()).toMatchObject({ errcode: 0 });
  }

  it('is not silent while replies go out through another one, however long customers go on', async () => {
    const seen = new Set<string>();
    const endMs = Date.now() + 2 * (REPLY_WITHIN_S * 1_000 + KNOWN_WITHIN_MS);
    await until(async () => {
      await write();
      await reply();
      for (const state of await states()) seen.add(state);
      return Date.now() > endMs;
    });
    expect(seen).not.toContain('silent');
    await become('working');
  }, 90_000);

  it('is silent at all of them 5 s after REPLY_WITHIN_S at the latest, and works again as soon after a reply', async () => {
    await reply();
    const askedMs = Date.now();
    // Customers go on writing: the first one may count as answered, since the replicas' times differ a little.
    await until(async () => {
      await write();
      return (await states()).every((now) => now === 'silent');
    });
    expect(Date.now() - askedMs).toBeLessThan(REPLY_WITHIN_S * 1_000 + KNOWN_WITHIN_MS);
    await reply();
    const repliedMs = Date.now();
    await become('working');
    expect(Date.now() - repliedMs).toBeLessThan(KNOWN_WITHIN_MS);
  }, 90_000);
});
