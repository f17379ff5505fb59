/** docs/reference/wecom-api.md names the headers that go through the API proxy, each way, and no others. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { TO_CALLER, TO_WECOM_WITH_BODY } from '../../src/wecom/proxy/proxy-headers.js';

const PAGE = readFileSync('docs/reference/wecom-api.md', 'utf8');

it.each([
  ['to WeCom', TO_WECOM_WITH_BODY],
  ['to the caller', TO_CALLER],
])('has all that go %s, and no others', (way, list) => {
  const row = PAGE.split('\n').find((line) => line.startsWith(`| ${way} |`)) ?? '';
  expect([...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual([...list]);
});
