/** The steps before the first message, in both languages, and the bot of both READMEs. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

/** What each step is about, in their order. */
const STEPS = [
  /Secret/,
  /EncodingAESKey/,
  /备案/,
  /微信客服消息和事件/,
  /企业可信IP/,
  /可调用接口的应用.*可管理的客服账号/,
  /open_kfid/,
  /#/,
];

it.each(['docs/start.md', 'docs/zh/start.md'])('in %s, one after the other', (path) => {
  const lists = readFileSync(path, 'utf8').match(/(?:^\d\. .*\n(?: {3}.*\n)*){8}/gm) ?? [];
  expect(lists).toHaveLength(1);
  const steps = (lists[0] ?? '').split(/^\d\. /m).slice(1);
  expect(steps).toEqual(STEPS.map((step) => expect.stringMatching(new RegExp(step.source, 's'))));
});

it.each(['docs/wecom-setup.md', 'docs/zh/wecom-setup.md'])('%s says where an open_kfid is found', (path) => {
  expect(readFileSync(path, 'utf8')).toMatch(/^.*`open_kfid`.*(?:Add a bot|添加机器人)/ms);
});

it.each(['README.md', 'README.zh-CN.md'])('%s has the message bot as it is tested', (path) => {
  const [, bot] = /^```js\n(.*?)^```$/ms.exec(readFileSync(path, 'utf8')) ?? [];
  expect(bot).toBe(readFileSync('examples/message-bot/message-bot.js', 'utf8'));
});
