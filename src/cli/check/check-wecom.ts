import type { Config } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { SystemClock } from '../../kernel/clock.js';
import { Secret } from '../../kernel/secret.js';
import { ERRCODE, type WecomAnswer } from '../../wecom/client/wecom-answer.js';
import { WecomProbe } from '../../wecom/tokens/wecom-probe.js';
import { type Finding, failed, ok, warning } from './finding.js';
import type { KnownSecrets } from './known-secrets.js';

/** A corp that does not exist, and its secret: whatever WeCom answers shows that WeCom was reached. */
const NOBODY = 'wxkf-manager-check';

/** Remedies by errcode; `wecom-answer.ts` has their meaning. */
const REMEDIES = new Map<number, string>([
  [ERRCODE.secretInvalid, 'this is not the secret of the app; let its puppet register with the right one'],
  [ERRCODE.secretIllegal, 'this is not the secret of the app; let its puppet register with the right one'],
  [ERRCODE.corpIdInvalid, 'there is no such corp; let the puppet register with the right corpId'],
  [
    ERRCODE.addressUnlisted,
    "list this machine's address among the app's trusted addresses (企业可信IP) in WeCom's admin page",
  ],
  [48002, 'the app may not call customer service (微信客服); allow it in WeCom’s admin page'],
  [95017, 'customer service by API is not turned on for the app; do so in WeCom’s admin page'],
]);
/** Codes of limits and of WeCom's own trouble, which pass. */
const PASSING = new Set<number>([ERRCODE.busy, ERRCODE.tooFrequent]);

export async function* checkWecom(config: Config, known: KnownSecrets): AsyncGenerator<Finding> {
  if (known.corpSecrets.size === 0) {
    yield* checkReachable(config);
    return;
  }
  const probe = new WecomProbe(config, new SystemClock());
  try {
    for (const [corpId, corpSecret] of known.corpSecrets)
      yield await checkCorp(config, probe, corpId, corpSecret);
  } finally {
    probe.close();
  }
}

/** Checks that both addresses answer. Needs no secret. */
export async function* checkReachable(config: Config): AsyncGenerator<Finding> {
  const probe = new WecomProbe(config, new SystemClock());
  try {
    yield await unlessUnreachable(tokenUrlOf(config), async () => {
      await askForNobody(probe);
      return ok('wecom', `${tokenUrlOf(config)} answers`);
    });
    yield await unlessUnreachable(apiUrlOf(config), async () => {
      await probe.call(NOBODY, null);
      return ok('wecom', `${apiUrlOf(config)} answers`);
    });
  } finally {
    probe.close();
  }
}

/** Asks for a token of a corp that does not exist. A gateway may answer that in any form. */
async function askForNobody(probe: WecomProbe): Promise<void> {
  try {
    await probe.askToken(NOBODY, new Secret(NOBODY));
  } catch (error) {
    const hasAnswered = error instanceof AppError && /since its? answer/.test(error.detail ?? '');
    if (!probe.isGateway || !hasAnswered) throw error;
  }
}

const tokenUrlOf = ({ accessTokenUrl }: Config): string => `ACCESS_TOKEN_URL ${accessTokenUrl}`;
const apiUrlOf = ({ wecomApiUrl }: Config): string => `WECOM_API_URL ${wecomApiUrl}`;

async function checkCorp(
  config: Config,
  probe: WecomProbe,
  corpId: string,
  corpSecret: Secret,
): Promise<Finding> {
  return unlessUnreachable(tokenUrlOf(config), async () => {
    const answer = await probe.askToken(corpId, corpSecret);
    if ('refusal' in answer) return judgeAnswer(corpId, 'gives no access token', answer.refusal);
    return unlessUnreachable(apiUrlOf(config), async () =>
      judgeAnswer(corpId, 'does not list kf accounts', await probe.call(corpId, answer.grant.value)),
    );
  });
}

/** @param what says what WeCom does not do when `errcode` is not 0. */
export function judgeAnswer(
  corpId: string,
  what: string,
  { errcode, errmsg }: Pick<WecomAnswer, 'errcode' | 'errmsg'>,
): Finding {
  if (errcode === 0) return ok('wecom', `gives corp ${corpId} an access token and lists its kf accounts`);
  const refusal = `for corp ${corpId} it ${what}: ${`${errcode} ${errmsg.replaceAll(/\s+/g, ' ')}`.trim()}`;
  if (PASSING.has(errcode)) return warning('wecom', `${refusal}; try again later`);
  const remedy = REMEDIES.get(errcode);
  return failed('wecom', remedy === undefined ? refusal : `${refusal}; ${remedy}`);
}

async function unlessUnreachable(what: string, ask: () => Promise<Finding>): Promise<Finding> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const remedy = 'look whether DNS, firewall and proxy let this machine reach it';
    return failed('wecom', `${what} does not answer as it should (${error.detail}); ${remedy}`);
  }
}
