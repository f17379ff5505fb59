/** What has to be switched on in WeCom's admin pages stands in both languages, as steps before the first message. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

/** What each step is about, in their order. */
const STEPS = [
  /企业可信IP/,
  /EncodingAESKey/,
  /备案/,
  /微信客服消息和事件/,
  /可调用接口的应用.*可管理的客服账号/,
  /open_kfid/,
  /#/,
];

it.each(['docs/start.md', 'docs/zh/start.md'])('in %s, one after the other', (path) => {
  const lists = readFileSync(path, 'utf8').match(/(?:^\d\. .*\n(?: {3}.*\n)*){7}/gm) ?? [];
  expect(lists).toHaveLength(1);
  const steps = (lists[0] ?? '').split(/^\d\. /m).slice(1);
  expect(steps).toEqual(STEPS.map((step) => expect.stringMatching(new RegExp(step.source, 's'))));
});

it.each(['docs/wecom-setup.md', 'docs/zh/wecom-setup.md'])('%s says where an open_kfid is found', (path) => {
  expect(readFileSync(path, 'utf8')).toMatch(/^.*`open_kfid`.*(?:Add a bot|添加机器人)/ms);
});
