/** The steps by which an app is connected, in both languages. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { PAGES } from './markdown.js';

/** What each step is about, in their order. */
const STEPS = [
  /Secret/,
  /EncodingAESKey/,
  /微信客服消息和事件/,
  /企业可信IP/,
  /可调用接口的应用.*可管理的客服账号/,
];

it.each(['docs/wecom-setup.md', 'docs/zh/wecom-setup.md'])('%s has the five steps in their order', (path) => {
  const lists = readFileSync(path, 'utf8').match(/(?:^\d\. .*\n(?: {3}.*\n)*){5}/gm) ?? [];
  expect(lists).toHaveLength(1);
  const steps = (lists[0] ?? '').split(/^\d\. /m).slice(1);
  expect(steps).toEqual(STEPS.map((step) => expect.stringMatching(new RegExp(step.source, 's'))));
});

it.each(['docs/wecom-setup.md', 'docs/zh/wecom-setup.md'])('%s says where an open_kfid is found', (path) => {
  expect(readFileSync(path, 'utf8')).toMatch(/^.*`open_kfid`.*(?:Add a bot|添加机器人)/ms);
});

it('no other page tells the steps again', () => {
  const telling = PAGES.filter(
    ({ path, prose }) => /设置API接收/.test(prose) && /^(README|docs\/)/.test(path),
  );
  expect(telling.map(({ path }) => path)).toEqual(['docs/wecom-setup.md', 'docs/zh/wecom-setup.md']);
});
