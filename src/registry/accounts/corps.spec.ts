import { expect, it } from '@jest/globals';
import { storedApp } from '../../../test/support/apps.js';
import { openBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { openRegistryImage } from '../../../test/support/registry.js';
import { Corps } from './corps.js';

it('has a corp while a puppet, an app or a bot of it is known', () => {
  const { image, corps: keys, bots, reads } = openRegistryImage(new ManualClock());
  const corps = new Corps(image, keys, bots, reads);
  expect(corps.has('ww1')).toBe(false);
  image.put(registeredPuppet({ corpId: 'ww1', openKfId: 'wk1' }));
  const app = storedApp({ corpId: 'ww2' });
  keys.putApp(app);
  for (const id of ['a', 'b']) bots.written(openBot({ id, corpId: 'ww3' }));
  expect(['ww1', 'ww2', 'ww3', 'ww4'].map((corpId) => corps.has(corpId))).toEqual([true, true, true, false]);
  image.remove('wk1');
  keys.removeApp(app.id);
  bots.removed('a');
  expect(['ww1', 'ww2', 'ww3'].map((corpId) => corps.has(corpId))).toEqual([false, false, true]);
  bots.written(openBot({ id: 'b', corpId: 'ww4' }));
  expect(['ww3', 'ww4'].map((corpId) => corps.has(corpId))).toEqual([false, true]);
});
