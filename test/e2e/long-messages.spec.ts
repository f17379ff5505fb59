/** One limit of 2 MB for messages, at all bots and replicas; what is longer stops nobody. On both stores: embedded and MongoDB. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { MessageAnswer, MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import { mongoPlace } from '../support/each-store.js';
import { scrape } from '../support/metrics.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { startPuppetServer } from '../support/puppet-server.js';
import { Scene } from '../support/scene.js';
import { StreamBot, type StreamBotOptions, type StreamFrame } from '../support/stream-bot.js';
import { until } from '../support/until.js';

const LIMIT_BYTES = 2_097_152;
/** The entry around it has some hundred bytes. */
const LONGEST = LIMIT_BYTES - 1_024;
/** Each of its characters is two where JSON stands in JSON. */
const QUOTES = '"'.repeat(LONGEST / 2);
const FOREIGN_LIMIT = 65_536;

interface MessageFrame extends StreamFrame {
  readonly openKfId: string;
  readonly message: { readonly text: { readonly content: string } };
}

const textOf = (frame: StreamFrame): string => (frame as MessageFrame).message.text.content;

/** @param isShared whether several managers may be on the store. */
function longMessagesIn(newPlace: () => Place, isShared: boolean): void {
  let scene: Scene;
  let wecom: Simulator;
  let openKfId: string;
  let otherKfId: string;
  let opened: StreamBot[];

  beforeAll(async () => {
    scene = await Scene.open({ place: newPlace() });
    ({ wecom } = scene);
  });

  afterAll(() => scene.close());

  beforeEach(() => {
    [openKfId, otherKfId] = [scene.newAccount(), scene.newAccount()];
    opened = [];
  });

  afterEach(() => Promise.all(opened.map((bot) => bot.close())));

  const add = (fields: object = {}): Promise<BotCreatedAnswer> =>
    scene.addBot({ openKfIds: [openKfId, otherKfId], kind: 'stream', takes: 'message', ...fields });

  async function open(key: string, options: StreamBotOptions = {}, at = scene.manager): Promise<StreamBot> {
    const bot = new StreamBot(at.url, key, options);
    opened.push(bot);
    return bot.ready();
  }

  const say = (text: string, account = openKfId) => wecom.say(text, { openKfId: account });

  const dead = async (): Promise<readonly MessageAnswer[]> =>
    (await scene.ask<MessagePageAnswer>('GET', `/api/v1/messages?state=dead&openKfId=${openKfId}`)).items;

  const replay = async ({ webhookId }: MessageAnswer): Promise<number> =>
    (await scene.request('POST', `/api/v1/messages/${openKfId}/${webhookId}/replay`)).status;

  if (isShared) sharedIn();
  if (!isShared || process.env.TEST_EVERY_STORE) byPortsAlone();

  /** On MongoDB in the nightly run only, as other suites that use the store through its ports alone. */
  function byPortsAlone(): void {
    it('one that is too long is dead at once and says why, and all others of its bot go on', async () => {
      const bot = await open((await add()).key);
      say('1');
      say('x'.repeat(LIMIT_BYTES));
      say('2');
      say('3', otherKfId);
      await until(() => bot.events.length >= 3);
      // Beginnings: a report of megabytes is of no use.
      expect(bot.events.map((frame) => textOf(frame).slice(0, 9)).toSorted()).toEqual(['1', '2', '3']);
      const [message, ...more] = await dead();
      expect(more).toEqual([]);
      expect(message).toMatchObject({
        attempts: 0,
        lastFailure: {
          stage: 'oversized',
          reason: expect.stringMatching(
            /^the message has 2097\d{3} bytes; at most 2097152 are kept and sent$/,
          ),
        },
      });
      const line = await scene.manager.line(
        ({ msg, openKfId: id }) => msg === 'message.buried' && id === openKfId,
      );
      expect(line).toMatchObject({ stage: 'oversized', webhookId: message?.webhookId });
      expect((await scrape(scene.url)).value('wxkf_messages_buried_total', { reason: 'too_long' })).toBe(1);
      // There is nothing to send.
      expect(await replay(message as MessageAnswer)).toBe(404);
      expect(bot.events).toHaveLength(3);
    });

    it('one of the longest length arrives whole, over a stream', async () => {
      const bot = await open((await add()).key);
      const texts = ['x'.repeat(200_000), 'x'.repeat(LONGEST), QUOTES];
      for (const text of texts) say(text);
      await until(() => bot.events.length >= 3);
      expect(bot.events.map((frame) => textOf(frame).length)).toEqual(texts.map(({ length }) => length));
      expect(bot.events.map(textOf).every((text, n) => text === texts[n])).toBe(true);
      expect(bot.events.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    });

    it('one of the longest length arrives at a puppet’s form and at a program that pulls', async () => {
      const puppet = await startPuppetServer();
      const { key: puppetKey } = await add({ kind: 'puppet', openKfIds: [otherKfId] });
      const { corpId, corpSecret } = wecom;
      const names = { kfId: otherKfId, kfName: 'a', endpoint: puppet.url, corpId, corpSecret };
      await scene.ask('POST', '/puppetWxkfManager/register', { ...names, takes: 'message' }, puppetKey);
      say(QUOTES, otherKfId);
      const pulling = await PullingBot.start();
      await pulling.addTo(scene.url, wecom, openKfId);
      say(QUOTES);
      await until(() => puppet.received.length > 0 && pulling.given.length > 0);
      expect(JSON.parse(puppet.received[0]?.body ?? '').text.content === QUOTES).toBe(true);
      expect(pulling.given[0]?.text === QUOTES).toBe(true);
      await Promise.all([puppet.close(), pulling.close()]);
    });

    it('one that is longer than a client reads is dead at once; the client comes back and has all others', async () => {
      const { key } = await add();
      const given: string[] = [];
      const closes: number[] = [];
      const isEnough = () => given.includes('2') && given.includes('3');
      const connect = async (maxPayload: number, isOver: () => boolean): Promise<void> => {
        while (!isOver()) {
          const bot = await open(key, {
            maxPayload,
            onEvent: (frame, self) => {
              given.push(textOf(frame));
              self.send({ type: 'ack', id: frame.id });
            },
          });
          await until(() => bot.closed !== null || isOver());
          if (bot.closed === null) return bot.close();
          closes.push(bot.closed.code);
        }
      };
      const connected = connect(FOREIGN_LIMIT, isEnough);
      say('1');
      await until(() => given.includes('1'));
      say('x'.repeat(FOREIGN_LIMIT));
      say('2');
      say('3', otherKfId);
      await connected;
      expect(given.map((text) => text.slice(0, 9)).toSorted()).toEqual(['1', '2', '3']);
      expect(closes).toHaveLength(1);
      const [message] = await dead();
      expect(message?.lastFailure).toMatchObject({
        stage: 'too_long',
        reason: expect.stringMatching(/1009/),
      });
      // Once the client reads more, an operator has it sent again.
      const hasLong = () => given.some(({ length }) => length === FOREIGN_LIMIT);
      const again = connect(2 * LIMIT_BYTES, hasLong);
      await until(async () => (await replay(message as MessageAnswer)) === 200);
      await again;
    });
  }

  function sharedIn(): void {
    it('one of any length arrives where the connection is at another replica', async () => {
      const other = await scene.startManager();
      try {
        const { key } = await add();
        const isKnown = async () =>
          (await fetch(`${other.url}/api/v1/bots?limit=200`).then((r) => r.text())).includes(openKfId);
        await until(isKnown);
        const bot = await open(key, {}, other);
        const isConnected = async () =>
          (await fetch(`${scene.url}/api/v1/connections`).then((r) => r.text())).includes(openKfId);
        await until(isConnected);
        const texts = ['short', 'x'.repeat(150_000), 'x'.repeat(LONGEST), QUOTES, 'the end'];
        for (const text of texts) say(text);
        await until(() => bot.events.some((frame) => textOf(frame) === 'the end'));
        const lengths = bot.events.map((frame) => textOf(frame).length);
        expect(lengths).toEqual(texts.map(({ length }) => length));
        expect(bot.events.every(({ attempt }) => attempt === 1)).toBe(true);
        expect(await dead()).toEqual([]);
        await bot.close();
      } finally {
        await other.stop();
      }
    });
  }
}

describe('a long message, on the embedded store,', () => longMessagesIn(embeddedPlace, false));
mongoSuite('a long message, on MongoDB,', () => longMessagesIn(mongoPlace, true));
