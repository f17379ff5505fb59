import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start();
});
afterEach(() => client.close());

async function send(body: object, url = client.simulator.robotUrl) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as { readonly errcode: number; readonly errmsg: string };
}

const markdown = (content: string) => ({ msgtype: 'markdown', markdown: { content } });

it('shows what it was told, without an access token', async () => {
  expect(await send(markdown('**需要处理**'))).toEqual({ errcode: 0, errmsg: 'ok' });
  const view = await fetch(`${client.simulator.url}/simulator/view`);
  expect(await view.json()).toMatchObject({
    robotUrl: client.simulator.robotUrl,
    robotMessages: [{ msgtype: 'markdown', content: '**需要处理**' }],
  });
});

it('has an address of its own that stays when the simulator starts again', async () => {
  const again = await SimulatorClient.start({ corpId: client.simulator.corpId });
  expect(again.simulator.robot.key).toBe(client.simulator.robot.key);
  expect(client.simulator.robot.key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await again.close();
});

it('refuses what WeCom refuses', async () => {
  const wrongKey = `${client.simulator.url}/cgi-bin/webhook/send?key=693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa`;
  expect(await send(markdown('a'), wrongKey)).toMatchObject({
    errcode: 93000,
    errmsg: expect.stringContaining('invalid webhook url'),
  });
  expect((await send({ msgtype: 'news', news: {} })).errcode).toBe(40008);
  expect((await send(markdown(''))).errcode).toBe(44004);
  expect((await send(markdown('a'.repeat(4_096)))).errcode).toBe(0);
  expect(await send(markdown('a'.repeat(4_097)))).toMatchObject({
    errcode: 40058,
    errmsg: expect.stringContaining('markdown.content exceed max length 4096'),
  });
});

it('takes 20 messages in any minute', async () => {
  for (let n = 0; n < 20; n++) expect((await send(markdown(`${n}`))).errcode).toBe(0);
  expect((await send(markdown('one too many'))).errcode).toBe(45009);
  await client.clock.advance(60_000);
  expect((await send(markdown('later'))).errcode).toBe(0);
});
