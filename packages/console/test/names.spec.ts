import { expect, it } from '@jest/globals';
import { namesOfCorps } from '../src/api/names.js';

it('calls a corp by all names of its apps, each once', () => {
  const apps = [
    { corpId: 'ww1', name: 'Shop' },
    { corpId: 'ww1', name: 'Hotline' },
    { corpId: 'ww1', name: 'Shop' },
    { corpId: 'ww2', name: '' },
  ];
  expect([...namesOfCorps(apps)]).toEqual([
    ['ww1', 'Shop / Hotline'],
    ['ww2', ''],
  ]);
});
