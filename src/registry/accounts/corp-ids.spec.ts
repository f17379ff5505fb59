import { beforeEach, expect, it } from '@jest/globals';
import { storedApp } from '../../../test/support/apps.js';
import { storedBot } from '../../../test/support/bots.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { loadConfig } from '../../config/config.js';
import { AccountHistories } from '../puppets/account-history.js';
import { KnownBots } from '../bots/known-bots.js';
import { CorpIds } from './corp-ids.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';

let image: RegistryImage;
let bots: KnownBots;
let keys: KnownCorps;
let corps: CorpIds;

beforeEach(() => {
  const policy = new EndpointPolicy(loadConfig({}));
  keys = new KnownCorps();
  image = new RegistryImage(policy, keys);
  bots = new KnownBots(policy, new MemoryRecords(), image, new AccountHistories());
  corps = new CorpIds(image, keys, bots);
});

it('has a corp while a puppet, an app or a bot of it is known', () => {
  expect(corps.has('ww1')).toBe(false);
  image.put(registeredPuppet({ corpId: 'ww1', openKfId: 'wk1' }));
  const app = storedApp({ corpId: 'ww2' });
  keys.putApp(app);
  for (const id of ['a', 'b']) bots.written(storedBot({ id, corpId: 'ww3' }));
  expect(['ww1', 'ww2', 'ww3', 'ww4'].map((corpId) => corps.has(corpId))).toEqual([true, true, true, false]);
  image.remove('wk1');
  keys.removeApp(app.id);
  bots.removed('a');
  expect(['ww1', 'ww2', 'ww3'].map((corpId) => corps.has(corpId))).toEqual([false, false, true]);
  bots.written(storedBot({ id: 'b', corpId: 'ww4' }));
  expect(['ww3', 'ww4'].map((corpId) => corps.has(corpId))).toEqual([false, true]);
});
