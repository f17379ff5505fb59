/** What WeCom tells of a session late, or within one second: its times have whole seconds, and it gives some entries out of order. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { PullingBot } from '../support/pulling-bot.js';
import { SettableClock } from '../support/settable-clock.js';
import { Scene } from '../support/scene.js';
import { until, whenServed } from '../support/until.js';

const KEYWORD = '人工';

onEachStoreNightly((newPlace) => {
  let scene: Scene;
  let wecom: Simulator;
  const clock = new SettableClock();
  let openKfId: string;
  let bot: PullingBot;

  beforeAll(async () => {
    scene = await Scene.open({ place: newPlace(), clock });
    ({ wecom } = scene);
  });

  afterAll(() => scene.close());

  beforeEach(async () => {
    openKfId = scene.newAccount();
    bot = await PullingBot.start();
    await add();
  });

  afterEach(async () => {
    clock.goOn();
    await bot.close();
  });

  /** Entries of the last hour are for the bot, so that some can be from before. */
  async function add(): Promise<void> {
    await bot.addTo(scene.url, wecom, openKfId, {
      since: new Date(Date.now() - HOUR_MS).toISOString(),
      session: { people: { keywords: [KEYWORD], to: 'pool', waiting: 'wait' } },
    });
  }

  const conversation = () => wecom.corp.conversation(openKfId, wecom.firstCustomerId);
  const act = (act: Parameters<typeof wecom.corp.act>[1]) => wecom.corp.act(conversation(), act);
  const say = (text: string) => void wecom.say(text, { openKfId });
  const take = () => act({ type: 'take', servicerUserid: 'lisi' });
  const end = () => act({ type: 'end', servicerUserid: 'lisi' });
  const write = (text: string) => wecom.corp.servicerWrites(conversation(), 'lisi', text);
  const isGiven = (text: string) => until(() => bot.texts.includes(text));
  const isToldOf = (changeType: number) =>
    until(() => bot.given.some(({ entry }) => JSON.stringify(entry).includes(`"change_type":${changeType}`)));

  /** What is done while WeCom's clock stands, so many milliseconds ago; WeCom tells of it when that is called. */
  function late(agoMs: number, run: () => void): () => void {
    clock.stop(agoMs);
    const tell = wecom.corp.late(run);
    clock.goOn();
    return tell;
  }

  /** Whether so many of the customer's messages were for people. */
  async function isPeoples(count: number): Promise<boolean> {
    const url = `${scene.url}/api/v1/deliveries?openKfId=${openKfId}&outcome=people&limit=100`;
    const { items } = (await (await whenServed(() => fetch(url))).json()) as { readonly items: unknown[] };
    return items.length === count;
  }

  /** By the bot's own base. @returns WeCom's errcode. */
  async function call(api: string, fields: object): Promise<number> {
    const given = await fetch(`${bot.base}/gettoken?${new URLSearchParams(bot.credentials)}`);
    const { access_token } = (await given.json()) as { readonly access_token: string };
    const answer = await fetch(`${bot.base}/${api}?access_token=${access_token}`, {
      method: 'POST',
      body: JSON.stringify({ open_kfid: openKfId, ...fields }),
    });
    return ((await answer.json()) as { readonly errcode: number }).errcode;
  }

  /** A person has the customer, and the manager knows it. */
  async function isWithPerson(): Promise<void> {
    late(10_000, () => say('hi'))();
    await isGiven('hi');
    late(5_000, take)();
    await isToldOf(1);
  }

  describe('after the end of a session the bot answers again', () => {
    it('where the servicer’s last words are of the same second', async () => {
      await isWithPerson();
      clock.stop();
      const tellOfWords = wecom.corp.late(() => write('goodbye'));
      end();
      tellOfWords();
      clock.goOn();
      say('one more');
      await isGiven('one more');
    });

    it('where the servicer’s last words are of the next second', async () => {
      await isWithPerson();
      const tellOfWords = late(0, () => {
        write('goodbye');
        write('and thank you');
      });
      clock.stop(1_000);
      end();
      tellOfWords();
      clock.goOn();
      say('one more');
      await isGiven('one more');
    });

    it('where WeCom tells of the end more than a minute late', async () => {
      await isWithPerson();
      const tellOfEnd = late(90_000, end);
      say('are you there?');
      await until(() => isPeoples(1));
      tellOfEnd();
      await isToldOf(3);
      say('one more');
      await isGiven('one more');
    });
  });

  describe('what a customer says to people is not given to the bot, although a late end of the session before comes', () => {
    it.each([
      ['behind a keyword', async () => say(KEYWORD)],
      [
        'behind a hand-over by the bot’s key',
        async () => {
          const key = /\/bot\/(.+)\/cgi-bin/.exec(bot.base)?.[1] ?? '';
          const answer = await fetch(`${scene.url}/puppetWxkfManager/sessions/handOver`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
            body: JSON.stringify({ openKfId, externalUserId: wecom.firstCustomerId }),
          });
          expect(await answer.json()).toMatchObject({ outcome: 'moved' });
        },
      ],
      [
        'behind a hand-over by a call of the bot',
        async () => {
          const fields = { external_userid: wecom.firstCustomerId, service_state: 2 };
          expect(await call('kf/service_state/trans', fields)).toBe(0);
        },
      ],
      [
        'behind a look-up',
        async () => {
          // WeCom tells nobody of a transfer by another program. A reply that it refuses has the manager ask.
          act({ type: 'transfer', to: 2, servicerUserid: null });
          const text = { msgtype: 'text', text: { content: 'reply' } };
          expect(await call('kf/send_msg', { touser: wecom.firstCustomerId, ...text })).toBe(95_018);
        },
      ],
    ])('%s', async (_behind, handOver) => {
      say('first');
      await isGiven('first');
      const tellOfSession = late(30_000, () => {
        take();
        end();
      });
      say('second');
      await isGiven('second');
      await handOver();
      await until(() => conversation().session(wecom.corp.nowMs).state === 2);
      say('to people');
      await until(() => isPeoples(1));
      tellOfSession();
      await isToldOf(3);
      say('to people again');
      await until(async () => bot.texts.includes('to people again') || (await isPeoples(2)));
      expect(bot.texts).not.toContain('to people again');
    });
  });
});

const HOUR_MS = 3_600_000;
