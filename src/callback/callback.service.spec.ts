import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { storedApp } from '../../test/support/apps.js';
import { newBot } from '../../test/support/bots.js';
import { openDispatch } from '../../test/support/dispatch.js';
import type { TestRegistry } from '../../test/support/registry.js';
import { FakeSecretCheck } from '../../test/support/fake-secret-check.js';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryRecords } from '../../test/support/memory-records.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../test/support/memory-puppet.repository.js';
import { registration, saved } from '../../test/support/puppets.js';
import {
  kfMessageXml,
  newApp,
  sealCallback,
  sealVerification,
  type WecomApp,
} from '../../test/support/wecom.js';
import { toVerificationQuery } from '../crypto/verification-query.js';
import { WecomCiphers } from '../crypto/wecom-ciphers.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { secretIdOf } from '../kernel/secret-id.js';
import { APPS } from '../registry/apps/app.js';
import type { AppsService } from '../registry/apps/apps.service.js';
import type { Registration } from '../storage/puppets/puppet.js';
import { CorpTime } from './corp-time.js';
import { CallbackOpener } from './callback-opener.js';
import { UrlVerification } from './url-verification.js';
import { CallbackService } from './callback.service.js';
import type { CallbackReport } from './callback-report.js';
import { Arrivals } from '../dispatch/inline/arrivals.js';
import { UNTRUSTED_PAIRS_MAX } from './opening.js';
import { SyncTokens } from '../registry/bots/sync-tokens.js';

const app = newApp();
const SKEW_S = 30;
/** The same app after its admin had the key alone renewed. */
const renewed: WecomApp = { ...newApp(), corpId: app.corpId, token: app.token };

let secrets: FakeSecretCheck;
let table: PuppetTable;
let records: MemoryRecords;
let registry: TestRegistry;
let apps: AppsService;
let ciphers: WecomCiphers;
let callbacks: CallbackService;
let verification: UrlVerification;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  secrets = new FakeSecretCheck();
  table = new Map();
  records = new MemoryRecords();
  const dispatch = openDispatch(clock, {
    repository: new MemoryPuppetRepository(table),
    records,
    secrets,
  });
  registry = dispatch.registry;
  ({ apps } = registry);
  ciphers = new WecomCiphers();
  const { corps, reads, proofs, destinations } = registry;
  const opener = new CallbackOpener(corps, reads, proofs, ciphers, clock, { callbackSkewSMax: SKEW_S });
  verification = new UrlVerification(opener, apps);
  const { dispatcher } = dispatch;
  const syncTokens = new SyncTokens(clock, registry.bots);
  const corpTime = new CorpTime(clock, clock, pino({ level: 'silent' }));
  const of = [opener, destinations, dispatcher, clock, corpTime, syncTokens] as const;
  callbacks = new CallbackService(...of, new Arrivals(clock));
  registry.start();
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
  (await registry.registrations.register(registrationOf(of, openKfId))).answered();
const registerElsewhere = async (of: WecomApp, openKfId: string): Promise<void> =>
  void (await saved(new MemoryPuppetRepository(table), registrationOf(of, openKfId)));

async function verify(from: WecomApp, receiveId = from.corpId, offS = 0, sent = 'opened'): Promise<string> {
  const {
    msg_signature = '',
    timestamp = '',
    nonce = '',
    echostr = '',
  } = sealVerification(from, sent, receiveId, clock.nowMs() / 1_000 + offS);
  const text = { msgSignature: msg_signature, timestamp, nonce, encrypted: echostr };
  const { echo, error } = await verification.verify(app.corpId, text);
  if (error !== null) throw error;
  return echo;
}

/** What its log line would say. */
async function loggedOf(message: string): Promise<CallbackReport> {
  const { query, body } = sealCallback(app, message, app.corpId, clock.nowMs() / 1_000);
  const { msg_signature: msgSignature = '', timestamp = '', nonce = '' } = query;
  const callback = {
    corpId: app.corpId,
    msgSignature,
    timestamp,
    nonce,
    body: Buffer.from(body),
    trace: null,
  };
  return callbacks.accept(callback);
}

it('what is signed with no key of its corp has no cipher made for any', async () => {
  for (const openKfId of ['wk1', 'wk2']) await registerHere({ ...newApp(), corpId: app.corpId }, openKfId);
  const made = jest.spyOn(ciphers, 'of');
  await expect(verify(app)).rejects.toMatchObject({ code: 'CALLBACK_SIGNATURE_MISMATCH' });
  expect(made).not.toHaveBeenCalled();
  await registerHere(app, 'wk3');
  expect(await verify(app)).toBe('opened');
  expect(made).toHaveBeenCalledTimes(1);
});

describe('a verification', () => {
  const keys = { callbackToken: new Secret(app.token), encodingAESKey: new Secret(app.encodingAESKey) };
  const ofOperator = { corpId: app.corpId, name: '', receiveIds: [], ...keys };

  it('is noted at the app that opened it, and one that was refused is not', async () => {
    const { id } = await apps.add(ofOperator, { from: '10.0.0.1', requestId: 'request-1' });
    await loggedOf(kfMessageXml(app, 'wk1'));
    await expect(verify(app, 'wwOther')).rejects.toMatchObject({ code: 'CALLBACK_RECEIVE_ID_MISMATCH' });
    await expect(verify(app, app.corpId, SKEW_S + 1)).rejects.toMatchObject({
      code: 'CALLBACK_TIMESTAMP_OFF',
    });
    await expect(verify(app, app.corpId, 0, kfMessageXml(app, 'wk1'))).rejects.toMatchObject({
      code: 'CALLBACK_ECHO_MALFORMED',
    });
    expect((await records.of(APPS).find(id))?.verifiedAtMs).toBeNull();
    expect(await verify(app)).toBe('opened');
    await clock.advance(0);
    expect((await records.of(APPS).find(id))?.verifiedAtMs).toBe(clock.nowMs());
  });

  it('that the manager asked itself is answered, and says nothing of WeCom', async () => {
    const { id } = await apps.add(ofOperator, { from: '10.0.0.1', requestId: 'request-1' });
    const { echo } = toVerificationQuery({ corpId: app.corpId, ...keys }, clock.nowMs());
    expect(await verify(app, app.corpId, 0, echo)).toBe(echo);
    expect((await records.of(APPS).find(id))?.verifiedAtMs).toBeNull();
    expect(await verify(app, app.corpId, 0, '1616140317555161061')).toBe('1616140317555161061');
    await clock.advance(0);
    expect((await records.of(APPS).find(id))?.verifiedAtMs).toBe(clock.nowMs());
  });

  it('is answered with the keys of an app that another replica added a moment ago', async () => {
    await records.of(APPS).add(storedApp(ofOperator));
    expect(await verify(app)).toBe('opened');
    await records
      .of(APPS)
      .add(storedApp({ ...ofOperator, encodingAESKey: new Secret(renewed.encodingAESKey) }));
    expect(await verify(renewed)).toBe('opened');
  });
});

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

  it('is opened by an accepted pair, however many others were registered that WeCom has not accepted', async () => {
    secrets.verdict = 'refused';
    const others = Array.from({ length: UNTRUSTED_PAIRS_MAX + 1 }, () => newApp(app.corpId));
    for (const [number, other] of others.entries()) await registerHere(other, `wk-other-${number}`);
    const [first, last] = [others[0] ?? app, others.at(-1) ?? app];
    expect(await verify(first)).toBe('opened');
    await expect(verify(last)).rejects.toMatchObject({ code: 'CALLBACK_KEYS_SKIPPED', retryAfterS: 10 });
    secrets.verdict = 'accepted';
    const owner = { ...registrationOf(app, 'wk1'), corpSecret: new Secret('that of the corp') };
    (await registry.registrations.register(owner)).answered();
    await clock.advance(0);
    expect(await verify(app)).toBe('opened');
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

  it('that is refused says how far it came', async () => {
    await registerHere(app, 'wk1');
    await registerHere(newApp(), 'wkOfAnotherCorp');
    expect(await loggedOf(kfMessageXml(app, 'wkOfAnotherCorp'))).toMatchObject({
      outcome: 'refused',
      error: { code: 'CALLBACK_ACCOUNT_OF_OTHER_CORP' },
      event: 'kf_msg_or_event',
      openKfId: 'wkOfAnotherCorp',
      openMs: expect.any(Number),
      attempts: undefined,
      deliveryMs: undefined,
    });
  });

  it.each([-SKEW_S, 0, SKEW_S])('may have been signed %i s from now', async (offS) => {
    await registerHere(app, 'wk1');
    expect(await verify(app, app.corpId, offS)).toBe('opened');
  });

  it.each([-SKEW_S - 1, SKEW_S + 1, 1e15])('is refused when it was signed %i s from now', async (offS) => {
    await registerHere(app, 'wk1');
    await expect(verify(app, app.corpId, offS)).rejects.toMatchObject({ code: 'CALLBACK_TIMESTAMP_OFF' });
  });

  it('that is refused anyway says nothing of its time', async () => {
    await registerHere(app, 'wk1');
    await expect(verify({ ...app, token: 'anotherToken' }, app.corpId, 1_000)).rejects.toMatchObject({
      code: 'CALLBACK_SIGNATURE_MISMATCH',
    });
    await expect(verify(renewed, app.corpId, 1_000)).rejects.toMatchObject({
      code: expect.stringMatching(/^CIPHER_/),
    });
    await expect(verify(app, 'wwSomebodyElse', 1_000)).rejects.toMatchObject({
      code: 'CALLBACK_RECEIVE_ID_MISMATCH',
    });
  });
});

describe('an event for an account, signed with the keys of another', () => {
  const UNKNOWN = { unknown: 'it is silent', retryAfterS: 7 };

  async function accept(from: WecomApp, openKfId: string): Promise<string | undefined> {
    const { query, body } = sealCallback(
      from,
      kfMessageXml(from, openKfId),
      from.corpId,
      clock.nowMs() / 1_000,
    );
    const { msg_signature: msgSignature = '', timestamp = '', nonce = '' } = query;
    const callback = {
      corpId: from.corpId,
      msgSignature,
      timestamp,
      nonce,
      body: Buffer.from(body),
      trace: null,
    };
    const accepted = callbacks
      .accept(callback)
      .then(({ outcome, error }) => (error instanceof AppError ? error.code : outcome));
    // What the dispatcher waits for has its turn.
    await clock.advance(1_000);
    return accepted;
  }

  beforeEach(async () => {
    secrets.verdict = UNKNOWN;
    await registerHere(app, 'wk1');
    secrets.asked.length = 0;
  });

  it('is asked about once for all who wait, and taken when WeCom accepts the secret', async () => {
    secrets.verdict = 'accepted';
    expect(await accept(app, 'wkNobody')).toBe('pending');
    expect(await accept(app, 'wkNobody')).toBe('pending');
    expect(secrets.asked).toMatchObject([{ corpId: app.corpId, from: '10.0.0.1', limitMs: 1_500 }]);
  });

  it('is refused when WeCom does, and to be sent again when it cannot be asked', async () => {
    expect(await accept(app, 'wkNobody')).toBe('CALLBACK_KEYS_UNVERIFIED');
    secrets.verdict = 'refused';
    expect(await accept(app, 'wkNobody')).toBe('CALLBACK_KEYS_UNPROVEN');
  });

  it('is taken where one of the secrets registered with the keys is accepted', async () => {
    secrets.verdict = 'refused';
    for (const secret of ['one', 'two']) {
      const fields = { ...registrationOf(app, `wk-${secret}`), corpSecret: new Secret(secret) };
      (await registry.registrations.register(fields)).answered();
    }
    expect(await accept(app, 'wkNobody')).toBe('CALLBACK_KEYS_UNPROVEN');
    secrets.grant({ corpId: app.corpId, corpSecret: new Secret('one') });
    await clock.advance(0);
    expect(await accept(app, 'wkNobody')).toBe('pending');
  });

  it('is taken without a question when another replica has noted a moment ago that it is accepted', async () => {
    const { corpSecret } = registration();
    const elsewhere = new MemoryPuppetRepository(table);
    await elsewhere.markAccepted('wk1', secretIdOf(app.corpId, corpSecret), () => true);
    expect(await accept(app, 'wkNobody')).toBe('pending');
    expect(secrets.asked).toEqual([]);
  });

  it('costs no question where it is of the account that registered the keys', async () => {
    expect(await accept(app, 'wk1')).toBe('pending');
    expect(secrets.asked).toEqual([]);
  });
});

describe('an event of an account that is left to people', () => {
  const by = { from: '10.0.0.1', requestId: 'request-1' };
  const decrypted = {
    corpId: app.corpId,
    openKfId: 'wkLeft',
    syncToken: 'token',
    createdAtS: null,
    trace: null,
  };

  const accept = (): Promise<CallbackReport> => callbacks.acceptDecrypted(decrypted);

  beforeEach(async () => {
    await registerHere(app, 'wkAnother');
    const staffed = { openKfIds: ['*'], kind: 'none', callback: null } as const;
    await registry.botsService.add(newBot({ corpId: app.corpId, ...staffed }), by);
  });

  it('goes to nobody', async () => {
    expect((await accept()).outcome).toBe('ignored');
  });

  it('is kept where a puppet registered for it elsewhere a moment ago', async () => {
    expect((await accept()).outcome).toBe('ignored');
    await registerElsewhere(app, 'wkLeft');
    expect((await accept()).outcome).toBe('pending');
  });

  it('is to be sent again while the store cannot say so', async () => {
    jest.spyOn(MemoryPuppetRepository.prototype, 'find').mockRejectedValue(new AppError('STORE_UNAVAILABLE'));
    expect(await accept()).toMatchObject({ outcome: 'failed', error: { code: 'STORE_UNAVAILABLE' } });
    jest.restoreAllMocks();
  });
});
