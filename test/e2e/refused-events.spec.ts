/** An event inside the messages that a program refuses: it must not hold up what customers say. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { LoggedDeliveryPageAnswer } from '../../src/api/log/logged-delivery.dto.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { onEachStore } from '../support/each-store.js';
import { Samples } from '../support/metrics.js';
import { PullingBot } from '../support/pulling-bot.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';
import { StreamBot } from '../support/stream-bot.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

onEachStore((newPlace) => {
  let scene: Scene;
  let wecom: Simulator;
  let openKfId: string;
  /** A program with an address: it refuses events, and takes messages. */
  let program: PuppetServer;
  let pulling: PullingBot;
  let streaming: StreamBot | null;
  /** What came, in turn: `event`, or the text of a message. */
  let came: string[];
  let refuse: (response: ServerResponse) => void;

  beforeAll(async () => {
    scene = await Scene.open({ place: newPlace() });
    ({ wecom } = scene);
  });

  afterAll(() => scene.close());

  beforeEach(async () => {
    openKfId = scene.newAccount();
    [came, streaming] = [[], null];
    refuse = (response) => response.writeHead(500).end();
    pulling = await PullingBot.start();
    pulling.work = async (texts) => {
      came.push(...texts);
      pulling.status = texts.includes('event') ? 500 : 200;
    };
    program = await startPuppetServer((_request, response) => {
      const entry = wordOf(JSON.parse(program.received.at(-1)?.body ?? '{}'));
      came.push(entry);
      if (entry === 'event') refuse(response);
      else response.end();
    });
  });

  afterEach(async () => {
    await streaming?.close();
    await Promise.all([program.close(), pulling.close()]);
  });

  const wordOf = ({ text }: { readonly text?: { readonly content: string } }) => text?.content ?? 'event';
  const say = (text: string) => void wecom.say(text, { openKfId });
  const enter = () => wecom.corp.enter(openKfId, wecom.firstCustomerId);

  const add = (fields: object) => scene.addBot({ openKfIds: [openKfId], takes: 'message', ...fields });

  const addJson = () => add({ kind: 'callback', callback: { url: program.url, form: 'json' } });

  async function records(): Promise<LoggedDeliveryPageAnswer['items']> {
    const path = `/api/v1/deliveries?openKfId=${openKfId}&limit=100`;
    return (await scene.ask<LoggedDeliveryPageAnswer>('GET', path)).items;
  }

  const outcomes = async () => (await records()).map(({ outcome }) => outcome);
  const passedOver = async () =>
    new Samples(await (await fetch(`${scene.url}/metrics`)).text()).value(
      'wxkf_messages_passed_over_total',
      {},
    );

  it.each([
    [
      'a callback bot',
      async () => {
        const { corpId, corpSecret } = wecom;
        const url = `${pulling.server.url}/wxkf/`;
        const { token, encodingAESKey, key } = await add({ kind: 'callback', callback: { url } });
        pulling.server.keys = { token: token ?? '', encodingAESKey: encodingAESKey ?? '' };
        pulling.base = `${scene.url}/bot/${key}/cgi-bin`;
        pulling.credentials = { corpid: corpId, corpsecret: corpSecret };
      },
    ],
    ['a callback bot that takes JSON', addJson],
    [
      'a puppet',
      async () => {
        const { key } = await add({ kind: 'puppet' });
        const { corpId, corpSecret } = wecom;
        const registration = {
          ...{ kfId: openKfId, kfName: 'a', endpoint: program.url, takes: 'message' },
          ...{ corpId, corpSecret },
        };
        await scene.request('POST', '/puppetWxkfManager/register', registration, key);
      },
    ],
    [
      'a bot without an address',
      async () => {
        const { key } = await add({ kind: 'stream' });
        streaming = new StreamBot(scene.url, key, {
          onEvent: ({ id, message }, self) => {
            const entry = wordOf(message as Parameters<typeof wordOf>[0]);
            came.push(entry);
            self.send({ type: entry === 'event' ? 'nack' : 'ack', id });
          },
        });
        await streaming.ready();
      },
    ],
  ])('an event that %s refuses is tried three times, and then passed over', async (_what, start) => {
    await start();
    const before = await passedOver();
    enter();
    await until(() => came.includes('event'));
    const startedMs = performance.now();
    say('hi');
    await until(() => came.includes('hi'));
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(came).toEqual(['event', 'event', 'event', 'hi']);
    await until(async () => (await outcomes()).includes('passed_over'));
    const record = (await records()).find(({ outcome }) => outcome === 'passed_over');
    expect(record).toMatchObject({ kind: 'end', form: 'message', attempt: 3, stage: 'status' });
    expect(await outcomes()).not.toContain('dead');
    expect(await passedOver()).toBe(before + 1);
    await until(() => scene.manager.output().includes('message.passed_over'));
    // WeCom gives it again to a pull from the beginning, and the manager knows it.
    say('more');
    await until(() => came.includes('more'));
    expect(came).toEqual(['event', 'event', 'event', 'hi', 'more']);
  });

  it('an event that nobody answers waits as a message does, and is not passed over', async () => {
    await addJson();
    let attempts = 0;
    refuse = (response) => {
      if (++attempts <= 4) response.destroy();
      else response.end();
    };
    enter();
    await until(() => came.includes('event'));
    say('hi');
    await until(() => came.includes('hi'));
    expect(came).toEqual(['event', 'event', 'event', 'event', 'event', 'hi']);
    // The callbacks that told of them are taken as well.
    const taken = async () =>
      (await records()).filter(({ kind, outcome }) => kind === 'attempt' && outcome === 'taken');
    await until(async () => (await taken()).length === 2);
    expect(await outcomes()).not.toContain('passed_over');
  });

  it('an event that a program takes long to refuse is passed over sooner', async () => {
    await addJson();
    refuse = (response) => void setTimeout(() => response.writeHead(500).end(), 4_500);
    enter();
    await until(() => came.includes('event'));
    say('hi');
    await until(() => came.includes('hi'));
    expect(came).toEqual(['event', 'event', 'hi']);
  });
});
