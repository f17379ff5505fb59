import { describe, expect, it } from '@jest/globals';
import { parseTarget } from './proxy-target.js';

const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';

describe('the path', () => {
  it.each([
    ['kf/sync_msg', 'kf/sync_msg'],
    ['media/get/jssdk', 'media/get/jssdk'],
    ['user/getuserinfo3rd', 'user/getuserinfo3rd'],
    ['kf//sync_msg', 'kf/sync_msg'],
    ['kf/sync_msg/', 'kf/sync_msg'],
  ])('%s is an API', (path, api) => {
    expect(parseTarget(PREFIX + path)).toMatchObject({ api, query: '' });
  });

  it('may have its slashes doubled anywhere', () => {
    expect(parseTarget('//puppetWxkfManager///wxkfRequestProxy//kf/sync_msg').api).toBe('kf/sync_msg');
  });

  it.each([
    '',
    '..',
    '../secret',
    '..//secret',
    './kf/sync_msg',
    'kf/../../secret',
    'kf/..',
    '%2e%2e/secret',
    '%2E%2e%2fsecret',
    '%252e%252e/secret',
    '..%2fsecret',
    '..%5csecret',
    '..\\secret',
    '.%2e/secret',
    'kf%2fsync_msg',
    'kf/sync_msg%3faccess_token=1',
    'kf/sync_msg%23',
    'kf/sync_msg#x',
    'kf/sync_msg;x',
    'kf/sync_msg%00',
    'kf/sync_msg%0d%0aHost:x',
    'kf/@example.com',
    'http://example.com/',
    'kf/同步',
    'k'.repeat(129),
  ])('%s leads nowhere', (path) => {
    expect(() => parseTarget(PREFIX + path)).toThrow(expect.objectContaining({ code: 'PROXY_PATH_INVALID' }));
  });

  it.each([
    '/bot/wxkf_key/cgi-bin/bot/wxkf_key/cgi-bin/kf/x',
    '/cgi-bin/bot/wxkf_key/cgi-bin/kf/x',
    '/puppetWxkfManager/wxkfRequestProxy/bot/wxkf_key/cgi-bin/kf/x',
    '/puppetWxkfManager/wxkfRequestProxy/kf/awxkf_key',
  ])('%s has the key of a bot where an API stands, and the refusal does not show it', (url) => {
    const refusal = { code: 'PROXY_PATH_INVALID', detail: expect.stringMatching(/base once/) };
    expect(() => parseTarget(url)).toThrow(expect.objectContaining(refusal));
    expect(() => parseTarget(url)).not.toThrow(/wxkf_/);
  });

  it.each(['/puppetWxkfManager/wxkf%52equestProxy/kf/x', '/puppetWxkfManager/getToken', '/'])(
    '%s is not one of the proxy',
    (url) => {
      expect(() => parseTarget(url)).toThrow(expect.objectContaining({ code: 'PROXY_PATH_INVALID' }));
    },
  );
});

describe('the query', () => {
  const parse = (query: string) => parseTarget(`${PREFIX}media/get?${query}`);

  it('is kept as it came', () => {
    const query = 'b=%41&a=1&b=2&access_token=t&&x&y=&z=a+b%20c&debug=1';
    expect(parse(query)).toMatchObject({ query, accessToken: 't' });
  });

  it('is decoded once where it is looked into', () => {
    const query = 'access%5Ftoken=a%252Bb%2B&corp%69d=ww1&openKfId=wk%31';
    expect(parse(query)).toMatchObject({ accessToken: 'a%2Bb+', corpId: 'ww1', openKfId: 'wk1' });
  });

  it('may hold what is no percent-encoding', () => {
    expect(parse('a=%zz&access_token=%')).toMatchObject({ query: 'a=%zz&access_token=%', accessToken: '%' });
  });

  it('tells a parameter that was sent empty from one that was not sent', () => {
    expect(parse('access_token=&x=1').accessToken).toBe('');
    expect(parse('x=1')).toMatchObject({ accessToken: null, corpId: null, openKfId: null });
  });

  it('gets a token of ours in place of what names the secret, and stays as it came otherwise', () => {
    const target = parse('b=%41&corpid=ww1&a=1&openKfId=wk1&corpsecret=s&b=2');
    expect(target.queryWith('T/+=')).toBe('access_token=T%2F%2B%3D&b=%41&a=1&b=2');
  });

  it.each(['access_token', 'corpid', 'corpsecret'])('has %s once at most', (name) => {
    const doubled = { code: 'REQUEST_INVALID', detail: `${name} must be given once` };
    expect(() => parse(`${name}=1&${name}=1`)).toThrow(expect.objectContaining(doubled));
    expect(() => parse(`${name}=1&x=2&${name.replace('c', '%63')}=2`)).toThrow(
      expect.objectContaining(doubled),
    );
  });

  it('may have any other parameter several times', () => {
    expect(parse('id=1&id=2&openKfId=a&openKfId=b').query).toBe('id=1&id=2&openKfId=a&openKfId=b');
  });

  it.each(['a=1#x', 'a=é', 'a=1 2'])('%s is not one', (query) => {
    expect(() => parse(query)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});
