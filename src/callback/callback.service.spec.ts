import { beforeEach, describe, expect, it } from '@jest/globals';
import { openDispatch } from '../../test/support/dispatch.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import { registration } from '../../test/support/puppets.js';
import { newApp, sealCallback, sealVerification, type WecomApp } from '../../test/support/wecom.js';
import { WecomCiphers } from '../crypto/wecom-ciphers.js';
import { Secret } from '../kernel/secret.js';
import type { Registration } from '../registry/puppet.js';
import type { RegistryService } from '../registry/registry.service.js';
import { CallbackService } from './callback.service.js';
import { CallbackLog } from './callback-log.js';

const app = newApp();
/** The same app after its admin had the key alone renewed. */
const renewed: WecomApp = { ...newApp(), corpId: app.corpId, token: app.token };

let table: PuppetTable;
let registry: RegistryService;
let callbacks: CallbackService;

beforeEach(async () => {
  const clock = new ManualClock();
  table = new Map();
  const dispatch = openDispatch(clock, { repository: new MemoryPuppetRepository(table) });
  registry = dispatch.registry;
  callbacks = new CallbackService(registry, new WecomCiphers(), dispatch.dispatcher, clock);
  registry.onApplicationBootstrap();
  await clock.advance(0);
});

function registrationOf({ corpId, token, encodingAESKey }: WecomApp, openKfId: string): Registration {
  return registration({
    openKfId,
    corpId,
    endpoint: 'http://127.0.0.1:1',
    callbackToken: new Secret(token),
    encodingAESKey: new Secret(encodingAESKey),
  });
}

const registerHere = async (of: WecomApp, openKfId: string): Promise<void> =>
  (await registry.register(registrationOf(of, openKfId))).answered();
const registerElsewhere = async (of: WecomApp, openKfId: string): Promise<void> =>
  void (await new MemoryPuppetRepository(table).save(registrationOf(of, openKfId), 0));

function verify(from: WecomApp, receiveId = from.corpId): Promise<string> {
  const {
    msg_signature = '',
    timestamp = '',
    nonce = '',
    echostr = '',
  } = sealVerification(from, 'opened', receiveId);
  const text = { msgSignature: msg_signature, timestamp, nonce, encrypted: echostr };
  return callbacks.verify(app.corpId, text, new CallbackLog(app.corpId, 'verification'));
}

/** What its log line would say. */
async function loggedOf(message: string): Promise<CallbackLog> {
  const log = new CallbackLog(app.corpId, 'encrypted');
  const { query, body } = sealCallback(app, message);
  const { msg_signature: msgSignature = '', timestamp = '', nonce = '' } = query;
  const callback = { corpId: app.corpId, msgSignature, timestamp, nonce, body: Buffer.from(body) };
  await callbacks.accept(callback, log).catch(() => {});
  return log;
}

describe('a callback', () => {
  it('is opened by the pair that opens it where two pairs of the corp share a callback token', async () => {
    await registerHere(app, 'wk1');
    await registerHere(renewed, 'wk2');
    expect(await verify(app)).toBe('opened');
    expect(await verify(renewed)).toBe('opened');
  });

  it('is opened with a key that a puppet renewed a moment ago through another replica', async () => {
    await registerHere(app, 'wk1');
    await registerElsewhere(renewed, 'wk1');
    expect(await verify(renewed)).toBe('opened');
  });

  it('that no key of the corp opens is refused for the reason of the key that signed it', async () => {
    await registerHere(app, 'wk1');
    await expect(verify(renewed)).rejects.toMatchObject({ code: expect.stringMatching(/^CIPHER_/) });
    await expect(verify({ ...renewed, token: 'anotherToken' })).rejects.toMatchObject({
      code: 'CALLBACK_SIGNATURE_MISMATCH',
    });
    await expect(verify(app, 'wwSomebodyElse')).rejects.toMatchObject({
      code: 'CALLBACK_RECEIVE_ID_MISMATCH',
    });
  });

  it.each(['a b', 'a\u2028b', 'x'.repeat(60_000)])(
    'logs no event and no account whose name has not the form of one: %j',
    async (name) => {
      await registerHere(app, 'wk1');
      expect(await loggedOf(`<xml><Event>${name}</Event></xml>`)).toMatchObject({ event: undefined });
      const news = `<xml><Event>kf_msg_or_event</Event><OpenKfId><![CDATA[${name}y]]></OpenKfId></xml>`;
      expect(await loggedOf(news)).toMatchObject({ event: 'kf_msg_or_event', openKfId: undefined });
    },
  );

  it('logs the event and the account that it is for', async () => {
    await registerHere(app, 'wk1');
    expect(await loggedOf('<xml><Event>kf_account_auth_change</Event></xml>')).toMatchObject({
      event: 'kf_account_auth_change',
      outcome: 'ignored',
    });
    const news = '<xml><Event>kf_msg_or_event</Event><OpenKfId>wk2</OpenKfId></xml>';
    expect(await loggedOf(news)).toMatchObject({ openKfId: 'wk2' });
  });
});
