import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { rounds, SEED, seeded } from '../../../test/support/seeded.js';
import { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { type App, appIdOf } from '../apps/app.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { loadConfig } from '../../config/config.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { RegistryImage } from './registry-image.js';
import { KnownCorps } from '../keys/known-corps.js';
import type { CorpPair, KeyPair } from '../keys/shared-keys.js';

const policy = new EndpointPolicy(loadConfig({}));

/** With the keys of apps beside those of its puppets. */
class Image extends RegistryImage {
  constructor(readonly keys = new KnownCorps()) {
    super(policy, keys);
  }
}

const KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2';
const KEYS = [`${KEY}A`, `${KEY}D`, `${KEY}E`, '6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt', ''];
const TOKENS = ['tokenOne', 'tokenTwo', ''];
const CORPS = ['ww1', 'ww2', 'ww3'];

interface Words {
  readonly corpId?: string;
  readonly token?: string;
  readonly key?: string;
}

function keysOf({ token = 'tokenOne', key = `${KEY}A` }: Words): KeyPair {
  return { callbackToken: new Secret(token), encodingAESKey: new Secret(key) };
}

function puppet(openKfId: string, words: Words = {}, changes: Partial<Puppet> = {}): Puppet {
  return registeredPuppet({ openKfId, corpId: words.corpId ?? 'ww1', ...keysOf(words), ...changes });
}

function app(words: Words = {}, receiveIds: readonly string[] = []): App {
  const same = { corpId: words.corpId ?? 'ww1', name: '', ...keysOf(words), receiveIds };
  return { ...same, id: appIdOf(same), createdAtMs: 0, verifiedAtMs: null };
}

function imageWith(...apps: App[]): Image {
  const image = new Image();
  for (const one of apps) image.keys.putApp(one);
  return image;
}

function imageOf(...puppets: Puppet[]): Image {
  const image = new Image();
  for (const one of puppets) image.put(one);
  return image;
}

function pairsOf(image: Image, corpId = 'ww1'): CorpPair[] {
  return [...(image.keys.find(corpId)?.pairs.values() ?? [])];
}

function tokensOf(image: Image): string[] {
  return pairsOf(image).map(({ callbackToken }) => callbackToken.reveal());
}

describe('puppets', () => {
  it('are found by kf account as they were put last', () => {
    const image = imageOf(puppet('wk1'), puppet('wk2'));
    const again = puppet('wk1', {}, { endpoint: 'http://other', online: false });
    expect(image.put(again)).toBe(true);
    expect(image.findPuppet('wk1')).toBe(again);
    expect(image.findPuppet('wk3')).toBeNull();
    expect([image.size, ...image.openKfIds()]).toEqual([2, 'wk1', 'wk2']);
  });

  it('are counted by whether they are online, however they came and went', () => {
    const image = imageOf(puppet('wk1'), puppet('wk2'), puppet('wk3', {}, { online: false }));
    expect([image.size, image.onlineCount]).toEqual([3, 2]);
    image.put(puppet('wk1', {}, { online: false }));
    image.put(puppet('wk3', {}, { online: true }));
    image.put(puppet('wk3', {}, { online: true }));
    image.put(puppet('wk3', {}, { endpoint: 'http://other' }));
    expect(image.onlineCount).toBe(2);
    image.remove('wk2');
    image.remove('wk1');
    image.remove('wk1');
    expect([image.size, image.onlineCount]).toEqual([1, 1]);
  });

  it('change nothing when they are put again as they are', () => {
    const first = puppet('wk1');
    const image = imageOf(first);
    expect(image.put(puppet('wk1'))).toBe(false);
    expect(image.findPuppet('wk1')).toBe(first);
    image.remove('wk1');
    expect(image.keys.find('ww1')).toBeNull();
  });

  it('are forgotten when they are removed, which may be repeated', () => {
    const image = imageOf(puppet('wk1'));
    image.remove('wk1');
    image.remove('wk1');
    expect([
      image.size,
      image.findPuppet('wk1'),
      image.find('wk1')?.pair ?? null,
      image.keys.find('ww1'),
    ]).toEqual([0, null, null, null]);
  });

  it('keep their keys in use while they are offline', () => {
    expect(pairsOf(imageOf(puppet('wk1', {}, { online: false })))).toHaveLength(1);
  });

  it.each([
    ['a token', { token: '' }],
    ['a key', { key: '' }],
    ['a key of 43 characters', { key: KEY }],
  ])('are known without %s, but open nothing', (_what, words) => {
    const image = imageOf(puppet('wk1', words));
    expect(image.findPuppet('wk1')).not.toBeNull();
    expect([image.find('wk1')?.pair ?? null, image.keys.find('ww1')]).toEqual([null, null]);
    image.put(puppet('wk1'));
    expect(image.find('wk1')?.pair ?? null).toBe(pairsOf(image)[0]);
  });
});

describe('a pair is trusted', () => {
  const idOf = (secret: string, corpId = 'ww1') => secretIdOf(corpId, new Secret(secret));
  const accepted = (openKfId: string, secret: string, words: Words = {}) =>
    puppet(openKfId, words, { corpSecret: new Secret(secret), acceptedSecretId: idOf(secret, words.corpId) });
  const unknown = (openKfId: string, secret: string, words: Words = {}) =>
    puppet(openKfId, words, { corpSecret: new Secret(secret) });
  const isTrusted = (image: Image, openKfId: string, corpId = 'ww1'): boolean | undefined =>
    pairsOf(image, corpId).find((pair) => pair === (image.find(openKfId)?.pair ?? null))?.isTrusted;

  it('when WeCom accepted the secret of one that uses it', () => {
    const image = imageOf(unknown('wk1', 's1'), accepted('wk2', 's2'));
    expect(isTrusted(image, 'wk1')).toBe(true);
    image.remove('wk2');
    expect(isTrusted(image, 'wk1')).toBe(false);
  });

  it('when WeCom accepted its secret for another puppet of the corp, with whatever keys', () => {
    const image = imageOf(unknown('wk1', 's1'), accepted('wk2', 's1', { token: 'tokenTwo' }));
    expect([isTrusted(image, 'wk1'), isTrusted(image, 'wk2')]).toEqual([true, true]);
    image.put(accepted('wk2', 's2', { token: 'tokenTwo' }));
    expect([isTrusted(image, 'wk1'), isTrusted(image, 'wk2')]).toEqual([false, true]);
  });

  it.each([
    ['nobody knows', () => unknown('wk1', 's1')],
    [
      'another secret was accepted, which 1.0.3 has replaced',
      () => ({ ...accepted('wk1', 's1'), corpSecret: new Secret('s2') }),
    ],
    [
      'it was accepted for another corp',
      () => ({ ...unknown('wk1', 's1'), acceptedSecretId: idOf('s1', 'ww2') }),
    ],
    ['it is empty', () => ({ ...unknown('wk1', ''), acceptedSecretId: idOf('') })],
  ])('not when %s', (_what, one) => {
    expect(isTrusted(imageOf(one()), 'wk1')).toBe(false);
  });

  it('not by what was accepted for another corp with the same keys and secret', () => {
    const image = imageOf(unknown('wk1', 's1'), accepted('wk2', 's1', { corpId: 'ww2' }));
    expect([isTrusted(image, 'wk1'), isTrusted(image, 'wk2', 'ww2')]).toEqual([false, true]);
  });

  it('when it is an app’s, whoever uses it besides', () => {
    const image = imageWith(app());
    image.put(unknown('wk1', 's1'));
    expect(isTrusted(image, 'wk1')).toBe(true);
    image.remove('wk1');
    expect(pairsOf(image).map((pair) => pair.isTrusted)).toEqual([true]);
  });

  it('from the moment in which the secret is accepted, as the same object', () => {
    const image = imageOf(unknown('wk1', 's1'));
    const [pair] = pairsOf(image);
    expect(image.put(accepted('wk1', 's1'))).toBe(true);
    expect(pairsOf(image)).toEqual([pair]);
    expect(pair?.isTrusted).toBe(true);
  });
});

describe('a key pair', () => {
  it('is one object for all puppets of a corp that use it', () => {
    const image = imageOf(puppet('wk1'), puppet('wk2'));
    expect(pairsOf(image)).toHaveLength(1);
    expect(image.find('wk1')?.pair ?? null).toBe(pairsOf(image)[0]);
    expect(image.find('wk2')?.pair ?? null).toBe(pairsOf(image)[0]);
  });

  it('is another for another corp, token or key', () => {
    const image = imageOf(
      puppet('wk1'),
      puppet('wk2', { token: 'tokenTwo' }),
      puppet('wk3', { key: `${KEY}E` }),
    );
    image.put(puppet('wk4', { corpId: 'ww2' }));
    const pairs = ['wk1', 'wk2', 'wk3', 'wk4'].map((openKfId) => image.find(openKfId)?.pair ?? null);
    expect(new Set(pairs).size).toBe(4);
    expect(pairsOf(image)).toHaveLength(3);
  });

  it('is one for keys that differ in the free bits of their last character only', () => {
    const image = imageOf(...['A', 'B', 'C', 'D'].map((last) => puppet(`wk${last}`, { key: KEY + last })));
    expect(pairsOf(image)).toHaveLength(1);
    for (const last of ['A', 'B', 'C']) image.remove(`wk${last}`);
    expect(pairsOf(image)).toHaveLength(1);
    image.remove('wkD');
    expect(image.keys.find('ww1')).toBeNull();
  });

  it('goes with its last user, and the corp with its last pair', () => {
    const image = imageOf(puppet('wk1'), puppet('wk2'), puppet('wk3', { token: 'tokenTwo' }));
    expect(tokensOf(image)).toEqual(['tokenOne', 'tokenTwo']);
    image.remove('wk1');
    expect(tokensOf(image)).toEqual(['tokenOne', 'tokenTwo']);
    image.remove('wk2');
    expect(tokensOf(image)).toEqual(['tokenTwo']);
    image.remove('wk3');
    expect(image.keys.find('ww1')).toBeNull();
  });

  it('stays the same object when a puppet registers again with it', () => {
    const image = imageOf(puppet('wk1'));
    const [pair] = pairsOf(image);
    image.put(puppet('wk1', {}, { lastOnlineAtMs: 2 }));
    expect(pairsOf(image)[0]).toBe(pair);
    expect(image.find('wk1')?.pair ?? null).toBe(pair);
  });

  it('is replaced when its only puppet registers with other keys', () => {
    const image = imageOf(puppet('wk1'));
    image.put(puppet('wk1', { token: 'tokenTwo' }));
    expect(tokensOf(image)).toEqual(['tokenTwo']);
    expect(image.find('wk1')?.pair ?? null).toBe(pairsOf(image)[0]);
  });

  it('moves with its puppet to another corp', () => {
    const image = imageOf(puppet('wk1'));
    image.put(puppet('wk1', { corpId: 'ww2' }));
    expect(image.keys.find('ww1')).toBeNull();
    expect(pairsOf(image, 'ww2')).toHaveLength(1);
    expect(image.find('wk1')?.pair ?? null).toBe(pairsOf(image, 'ww2')[0]);
  });
});

describe('apps', () => {
  it('open the callbacks of their corp before any puppet registers', () => {
    const image = imageWith(app(), app({ token: 'tokenTwo' }), app({ corpId: 'ww2' }));
    expect([pairsOf(image).length, pairsOf(image, 'ww2').length, image.size]).toEqual([2, 1, 0]);
  });

  it('count like puppets with the same pair, which stays when those are gone', () => {
    const image = imageWith(app({ key: `${KEY}D` }));
    const [pair] = pairsOf(image);
    image.put(puppet('wk1'));
    expect(image.find('wk1')?.pair ?? null).toBe(pair);
    image.remove('wk1');
    expect(pairsOf(image)[0]).toBe(pair);
  });

  it('add receivers to the corp itself, which a puppet needs no app for', () => {
    const image = imageWith(app({}, ['suite', '']), app({ token: 'tokenTwo' }, ['provider']));
    image.put(puppet('wk2', { corpId: 'ww2' }));
    image.put(puppet('wk1'));
    image.remove('wk1');
    expect([...(image.keys.find('ww1')?.receiveIds ?? [])]).toEqual(['ww1', 'suite', '', 'provider']);
    expect([...(image.keys.find('ww2')?.receiveIds ?? [])]).toEqual(['ww2']);
  });

  it('open nothing and vouch for nothing once they are removed, and take their receivers along', () => {
    const image = imageWith(app({}, ['suite']), app({ corpId: 'ww2' }));
    image.put(puppet('wk1'));
    const [pair] = pairsOf(image);
    image.keys.removeApp(app().id);
    image.keys.removeApp(app({ corpId: 'ww2' }).id);
    expect(pairsOf(image)).toEqual([pair]);
    expect([pair?.isTrusted, [...(image.keys.find('ww1')?.receiveIds ?? [])]]).toEqual([false, ['ww1']]);
    expect(image.keys.find('ww2')).toBeNull();
  });

  it('keep their pair when they change in what is not secret', () => {
    const image = imageWith(app());
    const [pair] = pairsOf(image);
    image.keys.putApp(app({}, ['suite']));
    expect(pairsOf(image)[0]).toBe(pair);
    expect(image.keys.find('ww1')?.receiveIds.has('suite')).toBe(true);
    image.keys.removeApp(app().id);
    expect(image.keys.find('ww1')).toBeNull();
  });

  it('without secrets open nothing', () => {
    const image = imageWith({ ...app({ token: '', key: '' }), id: 'closed' });
    expect(image.keys.find('ww1')).toBeNull();
    image.keys.putApp({ ...app(), id: 'closed' });
    expect(pairsOf(image).length).toBe(1);
  });
});

describe('the secrets of a corp', () => {
  const secretsOf = (image: Image, corpId = 'ww1') =>
    image.secretsOf(corpId).map((secret) => secret.reveal());
  const withSecret = (openKfId: string, corpSecret: string, corpId = 'ww1') =>
    puppet(openKfId, { corpId }, { corpSecret: new Secret(corpSecret) });

  it('are those of its puppets, each once, for as long as one has it', () => {
    const image = imageOf(withSecret('wk1', 's1'), withSecret('wk2', 's1'), withSecret('wk3', 's2'));
    expect(secretsOf(image).sort()).toEqual(['s1', 's2']);
    image.remove('wk1');
    image.put(withSecret('wk3', 's1'));
    expect(secretsOf(image)).toEqual(['s1']);
    image.put(withSecret('wk2', 's3', 'ww2'));
    image.remove('wk3');
    expect([secretsOf(image), secretsOf(image, 'ww2')]).toEqual([[], ['s3']]);
  });

  it('are those alone that WeCom accepted, where there are any: anybody may make up another', () => {
    const acceptedSecretId = secretIdOf('ww1', new Secret('s1'));
    const image = imageOf({ ...withSecret('wk1', 's1'), acceptedSecretId }, withSecret('wk2', 's2'));
    expect(secretsOf(image)).toEqual(['s1']);
    image.remove('wk1');
    expect(secretsOf(image)).toEqual(['s2']);
  });

  it('are none of a record that another version left without one', () => {
    expect(secretsOf(imageOf(withSecret('wk1', '')))).toEqual([]);
  });
});

describe('any sequence of changes', () => {
  const { below, pick } = seeded(SEED);

  /** Pairs by corp, each as text and whether it is trusted, and which puppet uses which of them. */
  const stateOf = (image: Image, apps: Iterable<App>): unknown => ({
    corps: CORPS.map((corpId) =>
      pairsOf(image, corpId)
        .map((pair) => `${textOf(pair)} ${pair.isTrusted}`)
        .sort(),
    ),
    receivers: CORPS.map((corpId) => [...(image.keys.find(corpId)?.receiveIds ?? [])].sort()),
    accounts: [...apps].map((one) => image.keys.findPairOf(one)?.userCount),
    secrets: CORPS.map((corpId) =>
      image
        .secretsOf(corpId)
        .map((secret) => secret.reveal())
        .sort(),
    ),
    users: [...image.openKfIds()].sort().map((id) => {
      const pair = image.find(id)?.pair ?? null;
      const ofCorp = pairsOf(image, image.findPuppet(id)?.corpId);
      const isOfItsCorp = pair === null || ofCorp.some((one) => one === pair);
      return { id, pair: textOf(pair), isOfItsCorp };
    }),
  });
  const textOf = (pair: KeyPair | null): string =>
    pair === null
      ? 'none'
      : `${pair.callbackToken.reveal()} ${Buffer.from(pair.encodingAESKey.reveal(), 'base64').toString('hex')}`;

  it('leaves what an image has that never saw another state', () => {
    const apps = new Map<string, App>();
    const image = new Image();
    const known = new Map<string, Puppet>();
    for (let at = 0; at < rounds(300); at++) {
      const openKfId = `wk${below(8)}`;
      const words = { corpId: pick(CORPS), token: pick(TOKENS), key: pick(KEYS) };
      if (below(4) === 0) {
        const one = app(words, pick([[], ['suite'], ['provider', 'suite']]));
        const isRemoved = below(2) === 0;
        if (isRemoved) image.keys.removeApp(one.id);
        else image.keys.putApp(one);
        if (isRemoved) apps.delete(one.id);
        else apps.set(one.id, one);
      } else if (below(3) === 0) {
        known.delete(openKfId);
        image.remove(openKfId);
      } else {
        const corpSecret = new Secret(pick(TOKENS));
        const acceptedSecretId = pick([null, secretIdOf(words.corpId, new Secret(pick(TOKENS)))]);
        const one = puppet(openKfId, words, { corpSecret, acceptedSecretId });
        known.set(openKfId, one);
        image.put(one);
      }
      const rebuilt = imageWith(...apps.values());
      for (const one of known.values()) rebuilt.put(one);
      const [state, expected] = [stateOf(image, apps.values()), stateOf(rebuilt, apps.values())];
      // Jest is asked where they differ alone, since it takes longer than all the rest.
      if (!isDeepStrictEqual(state, expected))
        expect({ SEED, at, state }).toEqual({ SEED, at, state: expected });
    }
  });
});
