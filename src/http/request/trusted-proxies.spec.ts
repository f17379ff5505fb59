import { describe, expect, it } from '@jest/globals';
import { type Environment, loadConfig } from '../../config/config.js';
import type { Log } from '../../kernel/log.js';
import { tellOfUnnamedProxy, TrustedProxies } from './trusted-proxies.js';

const LIST = '10.0.0.7,10.1.0.0/16,fd00::/8,2001:db8::1,::ffff:192.168.0.0/112';
const proxies = new TrustedProxies(loadConfig({ TRUST_PROXY: LIST }).trustedProxies);

describe('a peer is believed', () => {
  it.each(['10.0.0.7', '::ffff:10.0.0.7', '10.1.255.1', 'fd12::1', '2001:db8:0::1', '192.168.9.9'])(
    'that is listed: %s',
    (address) => expect(proxies.has(address)).toBe(true),
  );

  it.each(['10.0.0.8', '10.2.0.1', 'fe00::1', '2001:db8::2', '192.169.0.1', '::1', 'unknown', '', undefined])(
    'and no other: %s',
    (address) => expect(proxies.has(address)).toBe(false),
  );

  it('only where somebody is listed', () => {
    const none = new TrustedProxies();
    expect([none.isEmpty, none.has('127.0.0.1')]).toEqual([true, false]);
    expect(proxies.isEmpty).toBe(false);
  });
});

describe('a proxy that is not named', () => {
  const told = (environment: Environment) => {
    const warned: unknown[] = [];
    const log = { warn: (...line: unknown[]) => warned.push(line) } as unknown as Log;
    tellOfUnnamedProxy(loadConfig(environment), log);
    return warned;
  };

  it('is told of where browsers come by https', () => {
    expect(told({ PUBLIC_URL: 'https://wxkf.example:8443' })).toEqual([
      [
        { publicUrl: 'https://wxkf.example:8443', reason: expect.stringContaining('TRUST_PROXY') },
        'http.proxy_unnamed',
      ],
    ]);
  });

  it.each([
    {},
    { PUBLIC_URL: 'http://wxkf.example' },
    { PUBLIC_URL: 'https://wxkf.example', TRUST_PROXY: '10.0.0.7' },
  ])('is not told of otherwise: %j', (environment) => {
    expect(told(environment)).toEqual([]);
  });
});
