import { beforeEach, describe, expect, it } from '@jest/globals';
import { openDispatch } from '../../test/support/dispatch.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import { registration, saved } from '../../test/support/puppets.js';
import { newApp, sealVerification, type WecomApp } from '../../test/support/wecom.js';
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
  void (await saved(new MemoryPuppetRepository(table), registrationOf(of, openKfId)));

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
});
