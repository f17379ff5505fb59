import { describe, expect, it } from '@jest/globals';
import { rounds, SEED, seeded } from '../../../test/support/seeded.js';
import { loadConfig } from '../../config/config.js';
import { EndpointPolicy } from './endpoint-policy.js';

const policyOf = (allow?: string) => new EndpointPolicy(loadConfig({ PUPPET_ENDPOINT_ALLOW: allow }));
const open = policyOf();
const mustOf = (endpoint: string, policy = open): string | null => {
  const read = policy.read(endpoint);
  return 'must' in read ? read.must : null;
};

const LINK_LOCAL = 'not point to a link-local address (169.254.169.254)';

describe('an endpoint at 169.254.169.254 is seen in any notation', () => {
  it.each([
    'http://169.254.169.254',
    'http://169.254.169.254.',
    'http://169.254.169.254:8080/bot-7',
    'https://169.254.169.254',
    'http://2852039166/',
    'http://2852039166.',
    'http://0xa9fea9fe',
    'http://0XA9FEA9FE:80',
    'http://0xa9.0xfe.0xa9.0xfe',
    'http://0251.0376.0251.0376',
    'http://0251.254.0xa9fe',
    'http://169.254.43518',
    'http://169.16689662',
    'http://１６９.２５４.１６９.２５４',
    'http://①⑥⑨.254.169.254',
    'http://169。254。169。254',
    'http://%31%36%39.254.169.254',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]:8080',
    'http://[0:0:0:0:0:FFFF:A9FE:A9FE]',
    'http://[::169.254.169.254]',
    'http://[::ffff:0:169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[64:ff9b::169.254.169.254]',
    'http://[64:ff9b:1::a9fe:a9fe]',
    'http://[64:ff9b:1:a9fe:a9:fe00::]',
    'http://[2002:a9fe:a9fe::]',
    'http://[2001:0:a9fe:a9fe::1]',
    'http://[2001:0:808:808::5601:5601]',
    'http://[2001:db8::5efe:169.254.169.254]',
  ])('%s', (endpoint) => expect(mustOf(endpoint)).toBe(LINK_LOCAL));
});

describe('an endpoint never points to', () => {
  it.each([
    ['an unspecified address', ['0.0.0.0', '0', '0x', '0.1.2.3', '0.255.255.255', '[::]', '[::0.0.0.2]']],
    ['a link-local address', ['169.254.0.0', '169.254.255.255', '[fe80::1]', '[febf:ffff::1]']],
    ['a multicast address', ['224.0.0.1', '239.255.255.255', '[ff02::1]', '[ff0e::1234]']],
    ['a broadcast address', ['255.255.255.255', '0xffffffff', '4294967295', '[::ffff:ffff:ffff]']],
    [
      "a cloud's metadata address",
      [
        '[fd00:ec2::254]',
        '[FD00:0EC2:0:0:0:0:0:254]',
        '[fd00:ec2::23]',
        '[fd20:ce::254]',
        '168.63.129.16',
        '100.100.100.200',
        '[::ffff:100.100.100.200]',
        '[fd00:100::100:200]',
        '192.0.0.192',
        '[fd00:c1::a9fe:a9fe]',
        '[fd00:a9fe:a9fe::1]',
        '[fd00:42::42]',
      ],
    ],
  ])('%s', (kind, hosts) => {
    for (const host of hosts) {
      const must = mustOf(`http://${host}`);
      expect({ host, must }).toEqual({ host, must: expect.stringContaining(`not point to ${kind} (`) });
    }
  });

  it.each(['http://[fe80::1%25eth0]', 'http://[fe80::1%eth0]', 'http://169.254.169.254%00'])(
    'what is no URL: %s',
    (endpoint) => expect(mustOf(endpoint)).toMatch(/^be a URL/),
  );

  it.each(['0.0.0.0/0', '::/0', '169.254.0.0/16', '169.254.169.254,::ffff:0:0/96'])(
    'any of these, though PUPPET_ENDPOINT_ALLOW lists %s',
    (allow) => {
      for (const host of ['169.254.169.254', '[::ffff:a9fe:a9fe]', '[fe80::1]', '0.0.0.0', '[fd00:ec2::254]'])
        expect(mustOf(`http://${host}`, policyOf(allow))).toMatch(/^not point to/);
    },
  );
});

describe('where nothing is listed, an endpoint may point to', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '10.0.0.5',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '100.100.100.201',
    '8.8.8.8',
    '169.253.255.255',
    '169.255.0.0',
    '1.0.0.0',
    '223.255.255.255',
    '[fd00::1]',
    '[fd00:ec2::253]',
    '[fe00::1]',
    '[fec0::1]',
    '[2606:4700::1111]',
    '[::ffff:10.0.0.5]',
    '[::10.0.0.5]',
    '[64:ff9b::8.8.8.8]',
    '[64:ff9b:1::192.168.1.5]',
    '[64:ff9b:1:c0a8:1:500::]',
    '[64:ff9b:1:abcd::10.0.0.5]',
    '[2002:808:808::1]',
    '[2001:0:808:808::f7f7:f7f7]',
    'bots.example.com',
    'bots.example.com.',
    'metadata',
    '1.2.3.4..',
  ])('%s', (host) => expect(mustOf(`http://${host}`)).toBeNull());
});

/** Each form by its own definition, as text. */
const FORMS: Readonly<Record<string, (four: readonly number[]) => string>> = {
  plain: (four) => four.join('.'),
  decimal: (four) => String(Buffer.from(four).readUInt32BE()),
  hex: (four) => `0x${Buffer.from(four).toString('hex')}`,
  octal: (four) => four.map((byte) => `0${byte.toString(8)}`).join('.'),
  'trailing dot': (four) => `${four.join('.')}.`,
  mapped: (four) => `[::ffff:${four.join('.')}]`,
  compatible: (four) => `[::${four.join('.')}]`,
  translated: (four) => `[::ffff:0:${four.join('.')}]`,
  'NAT64 well-known': (four) => `[64:ff9b::${four.join('.')}]`,
  'NAT64 local-use /96': (four) => `[64:ff9b:1::${four.join('.')}]`,
  '6to4': ([a, b, c, d]) => `[2002:${hex(a, b)}:${hex(c, d)}::1]`,
  'Teredo server': ([a, b, c, d]) => `[2001:0:${hex(a, b)}:${hex(c, d)}::f7f7:f7f7]`,
  'Teredo client': ([a, b, c, d]) => `[2001:0:808:808::${hex(not(a), not(b))}:${hex(not(c), not(d))}]`,
  ISATAP: (four) => `[2606:4700::5efe:${four.join('.')}]`,
  'ISATAP, global': (four) => `[2606:4700::200:5efe:${four.join('.')}]`,
};

/** What begins with 0 is there no address but the zeros around one. */
const SHORT_PREFIXES: typeof FORMS = {
  'NAT64 local-use /48': ([a, b, c, d]) => `[64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::]`,
  'NAT64 local-use /56': ([a, b, c, d]) => `[64:ff9b:1:${hex(0, a)}:${hex(0, b)}:${hex(c, d)}::]`,
  'NAT64 local-use /64': ([a, b, c, d]) => `[64:ff9b:1:0:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0]`,
};

const hex = (high = 0, low = 0): string => ((high << 8) | low).toString(16);
const not = (byte = 0): number => byte ^ 0xff;

const RANGES: readonly (readonly [string, (any: () => number) => number[]])[] = [
  ['0.0.0.0/8', (any) => [0, any(), any(), any()]],
  ['169.254.0.0/16', (any) => [169, 254, any(), any()]],
  ['224.0.0.0/4', (any) => [224 + (any() % 16), any(), any(), any()]],
  ['255.255.255.255', () => [255, 255, 255, 255]],
  ['168.63.129.16', () => [168, 63, 129, 16]],
  ['100.100.100.200', () => [100, 100, 100, 200]],
  ['192.0.0.192', () => [192, 0, 0, 192]],
];

describe('every address of a forbidden range is refused in every form', () => {
  it.each(RANGES)('%s', (range, addressOf) => {
    const { below } = seeded(SEED);
    // Of a single address there is no other to be tried.
    const count = addressOf(() => 0).join() === addressOf(() => 255).join() ? 0 : rounds(50);
    const some = Array.from({ length: count }, () => addressOf(() => below(256)));
    const addresses = [addressOf(() => 0), addressOf(() => 255), ...some];
    const forms = range === '0.0.0.0/8' ? FORMS : { ...FORMS, ...SHORT_PREFIXES };
    const passed = addresses.flatMap((four) =>
      Object.entries(forms)
        .map(([form, write]) => ({ form, host: write(four) }))
        // ::1 is loopback, and the only one of these that is anything else.
        .filter(({ host }) => host !== '[::0.0.0.1]' && mustOf(`http://${host}`) === null),
    );
    expect({ seed: SEED, passed }).toEqual({ seed: SEED, passed: [] });
  });
});

it('no address that a URL can have passes for a name', () => {
  const { below } = seeded(SEED);
  const part = () => (below(2) === 0 ? 0 : below(0x1_0000)).toString(16);
  const hosts = Array.from({ length: rounds(500) }, () => `[${Array.from({ length: 8 }, part).join(':')}]`);
  const onlyOne = policyOf('10.0.0.5');
  expect(mustOf('http://a.name', onlyOne)).toBeNull();
  const passed = hosts.filter((host) => mustOf(`http://${host}`, onlyOne) === null);
  expect({ seed: SEED, passed }).toEqual({ seed: SEED, passed: [] });
});

it('an address that cannot be read is not dialled', () => {
  expect(open.faultOfAddress('fe80::1%br-lan', 'a.name')).not.toBeNull();
  expect(open.faultOfAddress('', 'a.name')).not.toBeNull();
});

describe('PUPPET_ENDPOINT_ALLOW', () => {
  const NOT_LISTED = 'be an address or name that PUPPET_ENDPOINT_ALLOW lists';
  const may = (allow: string, host: string): boolean => {
    const must = mustOf(`http://${host}`, policyOf(allow));
    expect([null, NOT_LISTED]).toContain(must);
    return must === null;
  };

  it.each([
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '167772165', '[::ffff:10.0.0.5]', 'any.name']],
    ['10.0.0.5', ['10.0.0.5', '0xa000005', '10.0.0.5.']],
    ['fd00:1::/32', ['[fd00:1::5]', '[FD00:1:0:0:0::5]']],
    ['::1, 127.0.0.1', ['[::1]', '127.1', 'localhost']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3', '[::ffff:10.1.2.3]']],
    ['64:ff9b::/96', ['[64:ff9b::10.0.0.5]']],
    ['0.0.0.0/0', ['8.8.8.8', '127.0.0.1']],
    ['bots.example.com', ['bots.example.com', 'BOTS.Example.COM', 'bots.example.com.']],
    ['Bots.Example.com.', ['bots.example.com', 'bots.example.com.']],
    ['*.bots.example.com', ['a.bots.example.com', 'a.b.bots.example.com', 'A.bots.example.com.']],
    ['bücher.example,*.客.example', ['xn--bcher-kva.example', 'BÜCHER.example', 'a.客.example']],
    ['xn--bcher-kva.example', ['bücher.example']],
    ['puppet_1', ['puppet_1']],
  ])('%s allows %j', (allow, hosts) => {
    expect(hosts.filter((host) => !may(allow, host))).toEqual([]);
  });

  it.each([
    ['10.0.0.0/8', ['11.0.0.0', '9.255.255.255', '127.0.0.1', '[::1]', '[::10.0.0.5]', '[64:ff9b::a00:5]']],
    ['10.0.0.5', ['10.0.0.4', '10.0.0.6']],
    ['fd00:1::/32', ['[fd00:2::5]', '10.0.0.5']],
    ['::/0', ['10.0.0.5', '[::ffff:10.0.0.5]']],
    ['0.0.0.0/0', ['[::1]', '[2606:4700::1111]']],
    ['bots.example.com', ['example.com', 'a.bots.example.com', 'xbots.example.com', 'bots.example.com.evil']],
    ['bots.example.com', ['10.0.0.5', '[::1]', 'bots.example.com..', 'bots-example.com', 'localhost']],
    ['*.bots.example.com', ['bots.example.com', 'xbots.example.com', '.bots.example.com', '10.0.0.5']],
  ])('%s does not allow %j', (allow, hosts) => {
    expect(hosts.filter((host) => may(allow, host))).toEqual([]);
  });

  it.each([
    ['10.0.0.0/8', 'any.name', '10.0.0.5', true],
    ['10.0.0.0/8', 'any.name', '127.0.0.1', false],
    ['10.0.0.0/8', 'any.name', '::ffff:10.0.0.5', true],
    ['10.0.0.0/8,bots.test', 'bots.test', '127.0.0.1', true],
    ['10.0.0.0/8,bots.test', 'other.test', '127.0.0.1', false],
    ['10.0.0.0/8,*.bots.test', 'a.bots.test.', 'fd00::1', true],
    ['bots.test', 'bots.test', '169.254.169.254', false],
    ['*.test,169.254.0.0/16', 'bots.test', 'fe80::1%eth0', false],
  ])('%s: the name %s may lead to %s: %s', (allow, host, address, isAllowed) => {
    expect(policyOf(allow).faultOfAddress(address, host) === null).toBe(isAllowed);
  });
});
