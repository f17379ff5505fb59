/** The registry's question, answered by way of access tokens. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CORP,
  clock,
  closeAll,
  current,
  open,
  openWecom,
  request,
  SECRET,
  wecom,
} from '../../../test/support/token-replicas.js';
import { answer, drop, hang, hold, usual } from '../../../test/support/wecom-faults.js';
import { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import type { SecretQuestion, SecretVerdict } from '../../registry/puppets/secret-check.js';
import type { AccessTokens } from './access-tokens.js';
import { TokenSecretCheck } from './token-secret-check.js';

const LIMIT_MS = 5_000;
const MINUTE_MS = 60_000;
const ID = secretIdOf(CORP, new Secret(SECRET));

let tokens: AccessTokens;
let secrets: TokenSecretCheck;
let accepted: [string, string][];

beforeEach(async () => {
  await openWecom();
  tokens = open();
  secrets = new TokenSecretCheck(tokens, clock);
  accepted = [];
  secrets.onAccepted((corpId, secretId) => accepted.push([corpId, secretId]));
});

afterEach(closeAll);

type Asked = ReturnType<typeof request>;

const toQuestion = ({ caller, ...same }: Asked): SecretQuestion => ({ ...same, from: caller.ip });

/** While time stands still but for what the answer itself waits for. */
async function verdict(of: Asked = request(), limitMs = LIMIT_MS, stepMs = 0): Promise<SecretVerdict> {
  let isOver = false;
  const asked = secrets.check(toQuestion(of), limitMs).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(stepMs);
  return asked;
}

describe('a secret', () => {
  it('is accepted when WeCom gives a token for it, and its id is told', async () => {
    expect(await verdict()).toBe('accepted');
    expect(accepted).toEqual([[CORP, ID]]);
  });

  it.each([
    ['which the corp does not have', () => request('another')],
    ['of a corp that WeCom does not know', () => request(SECRET, '10.0.0.1', 'wwUnknown')],
  ])('%s is refused', async (_which, of) => {
    expect(await verdict(of())).toBe('refused');
    expect(accepted).toEqual([]);
  });

  it.each([40001, 40013, 40091])('is refused by errcode %i', async (errcode) => {
    wecom.behave('gettoken', answer(errcode));
    expect(await verdict()).toBe('refused');
  });

  it.each([45009, 60020, 50001, 42001])(
    'is unknown after errcode %i, which is not about it',
    async (errcode) => {
      wecom.behave('gettoken', answer(errcode));
      expect(await verdict()).toEqual({
        unknown: `WeCom answered ${errcode}`,
        retryAfterS: expect.any(Number),
      });
    },
  );

  it('is unknown when WeCom is busy', async () => {
    wecom.behave('gettoken', answer(-1));
    expect(await verdict(request(), LIMIT_MS, 100)).toMatchObject({ unknown: 'WeCom answered -1' });
  });

  it('is unknown when WeCom cannot be reached', async () => {
    wecom.behave('gettoken', drop());
    expect(await verdict()).toMatchObject({ unknown: expect.stringContaining('the connection failed') });
  });

  it.each([LIMIT_MS, 1_500])(
    'is unknown after %i ms, and accepted when WeCom answers late',
    async (limitMs) => {
      const held = hold();
      wecom.behave('gettoken', held);
      const startedMs = clock.elapsedMs();
      const asked = secrets.check(toQuestion(request()), limitMs);
      await held.arrived;
      // What asks upstream has the same 5 s.
      await clock.advance(limitMs - 1);
      expect(accepted).toEqual([]);
      await clock.advance(1);
      expect(await asked).toMatchObject({ unknown: expect.any(String) });
      expect(clock.elapsedMs() - startedMs).toBe(limitMs);
      held.release();
      if (limitMs === LIMIT_MS) return;
      while (accepted.length === 0) await clock.advance(0);
    },
  );

  it('is not asked for again within a minute', async () => {
    await verdict();
    wecom.behave('gettoken', hang());
    expect(await verdict()).toBe('accepted');
    expect(wecom.tokenCalls).toBe(1);
  });

  it('that WeCom does not take any more is refused, though its token still serves', async () => {
    await verdict();
    const token = current();
    wecom.behave('gettoken', answer(40001));
    await clock.advance(MINUTE_MS + 1);
    expect(await verdict()).toBe('refused');
    const served = await tokens.getForCall(request());
    expect('token' in served && served.token.value.reveal()).toBe(token);
    // Also when that refusal is over by time.
    wecom.behave('gettoken', answer(40001));
    await clock.advance(30_000);
    expect(await verdict()).toBe('refused');
    wecom.behave('gettoken', usual);
    await clock.advance(MINUTE_MS);
    expect(await verdict()).toBe('accepted');
  });

  it('is unknown, and WeCom not asked, when too many wrong ones came from the same address', async () => {
    for (let n = 0; n < 60; n++) expect(await verdict(request(`wrong-${n}`))).toBe('refused');
    const before = wecom.tokenCalls;
    expect(await verdict(request('wrong-60'))).toMatchObject({ unknown: 'WeCom answered 45009' });
    expect(wecom.tokenCalls).toBe(before);
    expect(await verdict(request(SECRET, '10.0.0.2', CORP))).toBe('accepted');
  });
});

it.each([
  ['a caller that keeps its token', () => tokens.get(request())],
  ['a proxied call', () => tokens.getForCall(request())],
])('a token for %s tells that the secret is accepted', async (_whose, ask) => {
  await ask();
  expect(accepted).toEqual([[CORP, ID]]);
  await ask();
  expect(accepted).toHaveLength(1);
});
