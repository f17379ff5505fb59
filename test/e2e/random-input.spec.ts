/**
 * What fast-check makes of callbacks and of JSON, sent to the built process: each is taken or refused with a 4xx, whatever is in it.
 * A failure shows the smallest input and the seed.
 */
import { createCipheriv } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { onEachStoreNightly } from '../support/each-store.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { whenServed } from '../support/until.js';
import { rounds } from '../support/seeded.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback, signedQuery } from '../support/wecom.js';

const POLLUTION = 'pollution-of-prototypes';
const SECRETS = {
  AUTH_PUPPET_TOKEN: 'secret-of-the-puppets',
  AUTH_GATEWAY_TOKEN: 'secret-of-the-gateways',
  AUTH_OPERATOR_TOKEN: 'secret-of-the-operators',
} as const;
const app = newApp();
const healthy = newOpenKfId();
/** Few, so that the store stays small. */
const OTHERS = Array.from({ length: 8 }, newOpenKfId);
const RUNS = { numRuns: rounds(150) };
const REGISTER = '/puppetWxkfManager/register';
const DECRYPTED = `/callback/decrypted/${app.corpId}`;
const JSON_TYPE = 'application/json';
const QUERY = ['msg_signature', 'timestamp', 'nonce'] as const;
const POLLUTED = `{"polluted":"${POLLUTION}","status":599,"code":1,"online":true,"toJSON":1}`;
/** As they should be. */
const BODIES: readonly (readonly [what: string, path: string, good: Readonly<Record<string, string>>])[] = [
  ['registration', REGISTER, registrationOf(app, OTHERS[0] ?? '', 'http://127.0.0.1:1')],
  [
    'deregistration',
    '/puppetWxkfManager/deregister',
    { kfId: OTHERS[1] ?? '', corpId: app.corpId, kfName: 'x' },
  ],
  ['sign-in', '/console/session', { token: SECRETS.AUTH_OPERATOR_TOKEN }],
  ['decrypted event', DECRYPTED, { openKfId: OTHERS[2] ?? '', token: 'ENC1' }],
];
/** Texts that mean something to parsers, shells, templates, file systems and prototypes. */
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '',
    '\0',
    '\ufeff',
    '\ud800',
    '__proto__',
    '../../etc/passwd',
    '%00',
    '{"$gt":""}',
    ']]>',
    '\r\nX: y',
  ),
  fc.constantFrom('a', '客').map((letter) => letter.repeat(20_000)),
);
/** What can be done to any bytes: some are cut out, repeated or replaced, at up to three places. */
const damages = fc
  .array(
    fc.tuple(
      fc.nat(0xffff),
      fc.nat(16),
      fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        odd.map((text) => Buffer.from(text)),
      ),
    ),
    {
      maxLength: 3,
    },
  )
  .map(
    (cuts) =>
      (bytes: Buffer): Buffer =>
        cuts.reduce((before, [place_, lost, put]) => {
          const at = place_ % (before.length + 1);
          return Buffer.concat([before.subarray(0, at), put, before.subarray(at + lost)]);
        }, bytes),
  );
let place: Place;
let manager: ManagerProcess;
let puppet: PuppetServer;
let answers: { taken: number; refused: number };

onEachStoreNightly((newPlace) => {
  beforeAll(async () => {
    place = newPlace();
    puppet = await startPuppetServer();
    manager = await startManager({
      ...place.env,
      ...SECRETS,
      // Each input comes from an address of its own: what one sends wrongly is counted.
      TRUST_PROXY: '127.0.0.1',
      PUPPET_ENDPOINT_ALLOW: '127.0.0.0/8',
    });
    answers = { taken: 0, refused: 0 };
    await send(REGISTER, JSON.stringify(registrationOf(app, healthy, puppet.url)), JSON_TYPE);
    expect(answers.taken).toBe(1);
  });

  beforeEach(() => {
    answers = { taken: 0, refused: 0 };
  });

  /** After all of it a good callback is delivered as ever, and the log tells of no mistake. */
  afterAll(async () => {
    puppet.received.length = 0;
    const { query, body } = sealCallback(app, kfMessageXml(app, healthy));
    await sendCallback(query, body);
    expect(puppet.received).toHaveLength(1);
    expect(await manager.stop()).toBe(0);
    expect(manager.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    expect(manager.output()).not.toContain(POLLUTION);
    await Promise.all([puppet.close(), place.discard()]);
  });

  it('a callback is taken or refused with a 4xx, whatever its envelope and its query are', async () => {
    const good = () => sealCallback(app, kfMessageXml(app, pickOne(OTHERS)));
    const values = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { freq: 3 });
    await fc.assert(
      fc.asyncProperty(damages, values, fc.constantFrom(...QUERY), async (damage, value, name) => {
        const { query, body } = good();
        const changed = value === null ? query : { ...query, [name]: value };
        await sendCallback(changed, damage(Buffer.from(body)));
      }),
      RUNS,
    );
    expectBoth();
  });

  it('a callback that is signed is taken or refused with a 4xx, whatever is encrypted in it', async () => {
    const blocks = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.concat([bytes], bytes.length * 16));
    const events = damages.map((damage) => compose(damage(Buffer.from(kfMessageXml(app, pickOne(OTHERS))))));
    const lengths = fc
      .tuple(fc.integer(), fc.string(), fc.nat(255))
      .map(([length, receiver, padding]) =>
        compose(Buffer.from(kfMessageXml(app, healthy)), length, receiver, padding),
      );
    const fields = fc
      .record({ Event: odd, OpenKfId: odd, Token: odd, ToUserName: odd, MsgType: odd }, { requiredKeys: [] })
      .map((values) =>
        compose(Buffer.from(xmlOf({ Event: 'kf_msg_or_event', OpenKfId: pickOne(OTHERS), ...values }))),
      );
    await fc.assert(
      fc.asyncProperty(fc.oneof(blocks, events, lengths, fields), async (plain) => {
        const encrypted = encrypt(plain);
        await sendCallback(signedQuery(app, encrypted), xmlOf({ Encrypt: encrypted }));
      }),
      RUNS,
    );
    expectBoth();
  });

  it.each(BODIES)(
    'the JSON of a %s is taken or refused with a 4xx, whatever it is',
    async (_what, path, good) => {
      const text = JSON.stringify(good);
      const values = fc.oneof(fc.constantFrom(...Object.values(good)), fc.jsonValue(), odd);
      const changed = fc
        .dictionary(fc.constantFrom(...Object.keys(good)), values, { maxKeys: 2, noNullPrototype: true })
        .map((fields) => JSON.stringify({ ...good, ...fields }));
      const polluted = fc
        .constantFrom('__proto__', 'constructor', String.raw`\u005f_proto__`, 'toString', 'a')
        .map((name) => text.replace('{', `{"${name}":{"prototype":${POLLUTED},"__proto__":${POLLUTED}},`));
      const nested = fc
        .tuple(fc.constantFrom('[', '{"a":'), fc.constantFrom(10, 900, 30_000))
        .map(([open, depth]) => text.replace(/}$/, `,"deep":${open.repeat(depth)}`));
      const bytes = damages.map((damage) => damage(Buffer.from(text)));
      await fc.assert(
        fc.asyncProperty(fc.oneof(changed, polluted, nested, bytes, fc.json()), (body) =>
          send(path, body, JSON_TYPE),
        ),
        RUNS,
      );
      expectBoth();
    },
  );
});

/** Some get through to the work behind, and some do not: else one door alone would be tried. */
function expectBoth(): void {
  expect(answers).toEqual({ taken: expect.any(Number), refused: expect.any(Number) });
  expect(Math.min(answers.taken, answers.refused)).toBeGreaterThan(0);
}

function sendCallback(query: Readonly<Record<string, string>>, body: Buffer | string): Promise<void> {
  return send(`/callback/${app.corpId}?${new URLSearchParams(query)}`, body, 'text/xml');
}

let sent = 0;

async function send(path: string, body: Buffer | string, type: string): Promise<void> {
  sent++;
  const secret = path === DECRYPTED ? SECRETS.AUTH_GATEWAY_TOKEN : SECRETS.AUTH_PUPPET_TOKEN;
  const response = await whenServed(() =>
    fetch(`${manager.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': type,
        'x-forwarded-for': `10.0.${sent >> 8}.${sent & 255}`,
        ...(path.startsWith('/console/') ? {} : { authorization: `Bearer ${secret}` }),
      },
      body,
    }),
  );
  const text = await response.text();
  expect(text).not.toContain(POLLUTION);
  if (response.ok) return void answers.taken++;
  answers.refused++;
  expect(`${response.status} ${text}`).toMatch(/^4\d\d \{/);
  expect(Object.keys(JSON.parse(text)).sort()).toEqual(['code', 'error', 'message', 'requestId']);
}

/** As WeCom composes it, unless a part is given that does not fit the others. */
function compose(message: Buffer, length = message.length, receiver = app.corpId, padding?: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeInt32BE(length, 16);
  const plain = Buffer.concat([header, message, Buffer.from(receiver)]);
  const missing = 32 - (plain.length % 32);
  return Buffer.concat([plain, Buffer.alloc(missing, padding ?? missing)]);
}

/** @param plain whole blocks of AES. */
function encrypt(plain: Buffer): string {
  const key = Buffer.from(`${app.encodingAESKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return cipher.update(plain).toString('base64');
}

function xmlOf(fields: Readonly<Record<string, unknown>>): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return `<xml>${elements.join('')}</xml>`;
}

function pickOne<T>(from: readonly T[]): T {
  return from[sent % from.length] as T;
}
