import { beforeEach, describe, expect, it } from '@jest/globals';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { loadConfig } from '../../config/config.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { type Puppet } from '../../storage/puppets/puppet.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from './registry-image.js';
import { accountKey } from '../../kernel/account.js';

let image: RegistryImage;

beforeEach(() => {
  image = new RegistryImage(new EndpointPolicy(loadConfig({})), new KnownCorps());
});

const puppet = (openKfId: string, corpId = 'wwCorp_1', fields: Partial<Puppet> = {}): Puppet =>
  registeredPuppet({ openKfId, corpId, ...fields });

async function keys(after = '', corpId: string | null = null, limit = 99): Promise<string[]> {
  return (await image.index()).after(after, corpId, limit).map(accountKey);
}

describe('the index of accounts', () => {
  it('gives them in the order of corp and account, a page at a time', async () => {
    for (const one of [puppet('b', 'ww2'), puppet('a', 'ww2'), puppet('c', 'ww1')]) image.put(one);
    expect(await keys()).toEqual(['ww1/c', 'ww2/a', 'ww2/b']);
    expect(await keys('', null, 2)).toEqual(['ww1/c', 'ww2/a']);
    expect(await keys('ww2/a')).toEqual(['ww2/b']);
    expect(await keys('ww2/b')).toEqual([]);
  });

  it('gives those of one corp, and of none whose name is longer', async () => {
    for (const corpId of ['ww', 'ww-', 'ww0', 'ww1', 'ww_'])
      for (const id of ['a', 'b']) image.put(puppet(id + corpId, corpId));
    expect(await keys('', 'ww')).toEqual(['ww/aww', 'ww/bww']);
    expect(await keys('ww/aww', 'ww')).toEqual(['ww/bww']);
    expect(await keys('', 'w')).toEqual([]);
    expect(await keys('ww_/aww_', 'ww')).toEqual([]);
  });

  it('goes on after an account that is gone', async () => {
    for (const id of ['a', 'b', 'c']) image.put(puppet(id));
    await keys();
    image.remove('b');
    expect(await keys('wwCorp_1/b')).toEqual(['wwCorp_1/c']);
  });

  it('is kept up: what is put, moved to another corp or removed later', async () => {
    image.put(puppet('a'));
    expect(await keys()).toEqual(['wwCorp_1/a']);
    image.put(puppet('b'));
    image.put(puppet('a', 'wwCorp_2'));
    image.put(puppet('b', 'wwCorp_1', { endpoint: 'http://moved' }));
    expect(await keys()).toEqual(['wwCorp_1/b', 'wwCorp_2/a']);
    const [b] = (await image.index()).after('', null, 1);
    expect(b?.endpoint).toBe('http://moved');
    image.remove('b');
    expect(await keys()).toEqual(['wwCorp_2/a']);
  });

  it('misses nothing that changes while it is made', async () => {
    for (let n = 0; n < 12_000; n++) image.put(puppet(`wk${n}`));
    const made = image.index();
    image.remove('wk11999');
    image.put(puppet('wk0', 'wwMoved'));
    image.put(puppet('wkNew'));
    image.put(puppet('wk11998', 'wwMoved'));
    const index = await made;
    expect(index.after('', null, 99_999)).toHaveLength(12_000);
    expect(await keys('', 'wwMoved')).toEqual(['wwMoved/wk0', 'wwMoved/wk11998']);
  });
});
