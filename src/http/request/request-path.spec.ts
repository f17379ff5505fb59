import { expect, it } from '@jest/globals';
import { toRequestPath } from './request-path.js';

it.each([
  ['/callback/ww1', '/callback/ww1'],
  ['/callback/ww1?echostr=/x//y', '/callback/ww1'],
  ['/callback/ww1#/x', '/callback/ww1'],
  ['//callback///ww1', '/callback/ww1'],
  ['/%63allback/ww1%2Fx', '/callback/ww1%2Fx'],
  ['/callback/%zz', '/callback/%zz'],
  ['http://puppet:secret@host:7777//callback/ww1?x', '/callback/ww1'],
  ['HTTPS://host?x', ''],
  ['*', '*'],
  ['', ''],
])('the path of %s is %s', (url, path) => expect(toRequestPath(url)).toBe(path));
