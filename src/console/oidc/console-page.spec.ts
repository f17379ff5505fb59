import { expect, it } from '@jest/globals';
import { toConsolePage } from './console-page.js';

it.each([
  '/console',
  '/console?error=x',
  '/console/outbox?state=dead&corpId=ww1',
  '/console/live/log?q=%E7%8E%8B',
])('%s is a page of the console', (page) => {
  expect(toConsolePage(page)).toBe(page);
});

it.each([
  'https://evil.example/console',
  '//evil.example/console',
  '///evil.example/console',
  '\\\\evil.example/console',
  '/\\evil.example/console',
  '/\t/evil.example/console',
  'javascript:alert(1)//console',
  'http://manager.invalid:80@evil.example/console',
  '/console/..//evil.example',
  '/console/../docs',
  '/console/%2e%2e/docs',
  '/consolex',
  '/api/v1/status',
  '/console/oidc?to=/console/oidc',
  '/console/oidc/callback?code=x',
  '/console/session',
  '/console/%6fidc',
  '/console//oidc',
  '/console/%6Fidc/callback',
  '/console/s%65ssion/',
  `/console?q=${'x'.repeat(1_024)}`,
  `/console?q=${'王'.repeat(200)}`,
  '',
])('%j is none, and the first page is shown', (asked) => {
  expect(toConsolePage(asked)).toBe('/console');
});

it('what would end a line of a header is left out', () => {
  expect(toConsolePage('/console/out\r\nbox')).toBe('/console/outbox');
});
