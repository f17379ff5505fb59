import { expect, it } from '@jest/globals';
import { UsageError } from '../terminal/command-error.js';
import { ownUrlOf, readManagerUrl } from './manager-api.js';

it.each([
  ['127.0.0.1', 'http://127.0.0.1:7777/'],
  ['0.0.0.0', 'http://127.0.0.1:7777/'],
  ['::', 'http://127.0.0.1:7777/'],
  ['::1', 'http://[::1]:7777/'],
  ['manager', 'http://manager:7777/'],
])('a manager at HOST %s is reached at %s', (host, url) => {
  expect(ownUrlOf({ host, port: 7777 }).href).toBe(url);
});

it('takes a URL with a path in front', () => {
  expect(readManagerUrl('https://kf.example.com/wxkf/').href).toBe('https://kf.example.com/wxkf/');
});

it.each(['nowhere', 'ftp://host', 'http://operator:marked-secret@host', 'http://host?token=marked-secret'])(
  'refuses %s without repeating it',
  (text) => {
    expect(() => readManagerUrl(text)).toThrow(UsageError);
    expect(() => readManagerUrl(text)).not.toThrow(/marked-secret/);
  },
);
