import { describe, expect, it } from '@jest/globals';
import { ConfigError, type Environment, loadConfig, toSummary } from './config.js';
import { forwardProxyFor } from './forward-proxy.js';

const WECOM = 'https://qyapi.weixin.qq.com';

const proxyOf = (environment: Environment, url = WECOM): string | null =>
  forwardProxyFor(loadConfig(environment), new URL(url))?.url.reveal() ?? null;

describe('HTTPS_PROXY and HTTP_PROXY', () => {
  const both = { HTTPS_PROXY: 'http://secure:3128', HTTP_PROXY: 'https://plain' };

  it('are each for the addresses of its scheme', () => {
    expect(proxyOf(both)).toBe('http://secure:3128/');
    expect(proxyOf(both, 'http://gateway.example/token')).toBe('https://plain/');
    expect(proxyOf({ HTTP_PROXY: 'http://plain' })).toBeNull();
  });

  it('count in lower case as well, and first', () => {
    expect(proxyOf({ https_proxy: 'http://lower' })).toBe('http://lower/');
    expect(proxyOf({ ...both, https_proxy: 'http://lower' })).toBe('http://lower/');
    expect(proxyOf({ ...both, no_proxy: '*' })).toBeNull();
  });

  it.each(['http://127.0.0.1:5000', 'http://localhost', 'http://[::1]:5000', 'http://wecom.localhost'])(
    'are not for this machine itself: %s',
    (url) => expect(proxyOf(both, url)).toBeNull(),
  );

  it.each([
    'proxy.example.com:3128',
    'socks5://u:marked-secret@proxy',
    'http://u:marked-secret@proxy/path',
    'http://u:marked-secret@proxy?query',
    'http://u:marked-secret%@proxy',
    'http://u:marked-secret@',
    'http://u:marked-secret@proxy:99999',
    'http://u:marked secret@proxy',
  ])('are a mistake at the start, told without what was found: %s', (url) => {
    const load = () => loadConfig({ HTTPS_PROXY: url, http_proxy: url });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(
      /2 mistake[^]*\n {2}HTTPS_PROXY: expected an http:\/\/[^]*\n {2}HTTP_PROXY: expected/,
    );
    expect(load).not.toThrow(/marked/);
  });

  it('show neither user nor password in the summary', () => {
    const environment = { HTTPS_PROXY: 'http://egress:marked-secret@proxy:3128', NO_PROXY: '.svc' };
    const config = loadConfig(environment);
    expect(JSON.parse(JSON.stringify(toSummary(config, environment)))).toMatchObject({
      HTTPS_PROXY: 'http://proxy:3128',
      NO_PROXY: '.svc',
    });
    expect(JSON.stringify(config)).not.toMatch(/egress|marked/);
  });
});

describe('NO_PROXY', () => {
  const isDirect = (NO_PROXY: string, url: string): boolean =>
    proxyOf({ HTTPS_PROXY: 'http://proxy', HTTP_PROXY: 'http://proxy', NO_PROXY }, url) === null;

  it.each([
    ['*', WECOM],
    ['qyapi.weixin.qq.com', WECOM],
    ['QYAPI.weixin.qq.com.', WECOM],
    ['qq.com', WECOM],
    ['.qq.com', WECOM],
    ['*.qq.com', WECOM],
    ['localhost, qq.com', WECOM],
    ['localhost qq.com', WECOM],
    ['qq.com:443', WECOM],
    ['10.0.0.0/8', 'http://10.1.2.3:8080'],
    ['10.1.2.3', 'http://10.1.2.3'],
    ['10.1.2.3:8080', 'http://10.1.2.3:8080'],
    ['fd00::/8', 'http://[fd00::1]'],
    ['[fd00::1]:80', 'http://[fd00::1]'],
  ])('%s excepts %s', (list, url) => expect(isDirect(list, url)).toBe(true));

  it.each([
    ['qq.com:80', WECOM],
    ['q.com', WECOM],
    ['weixin', WECOM],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['10.0.0.0/8', 'http://10.example.com'],
    ['10.1.2.3:80', 'http://10.1.2.3:8080'],
    ['https://qyapi.weixin.qq.com', WECOM],
    [',,', WECOM],
  ])('%s does not except %s', (list, url) => expect(isDirect(list, url)).toBe(false));
});
