/** Asks the manager that has the store what it alone can tell, by its API. */
import type { Config } from '../../config/config.js';
import { ProbeError, probe } from '../../wecom/address-probe.js';
import { type Item, type ManagerApi, ManagerApiError } from '../manager/manager-api.js';
import { type CallbackTarget, checkCallback, noKeysOf } from './check-callback.js';
import { checkReachable, checkWecom, judgeAnswer } from './check-wecom.js';
import { type Finding, failed, ok, skipped, warning } from './finding.js';
import { CORPS_MAX, type KnownSecrets } from './known-secrets.js';

/** In so many apps, accounts and bots corps are looked for. */
const LOOKED_AT_MAX = 1_000;

/** @param known of the settings alone, since the store was not read */
export async function* checkManager(
  api: ManagerApi,
  config: Config,
  known: KnownSecrets,
  target: CallbackTarget | null,
): AsyncGenerator<Finding> {
  let corps: Corps;
  try {
    yield await describe(api);
    corps = await findCorps(api);
  } catch (error) {
    if (!(error instanceof ManagerApiError)) throw error;
    yield failed('manager', error.message);
    yield* checkWecom(config, known);
    if (target !== null) yield skipped('callback', 'not looked at, since the manager cannot be asked for it');
    return;
  }
  yield skipped('secrets', 'not looked at: the manager opened those of the store when it started');
  if (corps.withSecret.length === 0) yield* checkReachable(config);
  for (const corpId of corps.withSecret) yield await checkCorp(api, corpId);
  if (target !== null) yield* checkUrl(api, target, corps.withKeys);
}

async function describe(api: ManagerApi): Promise<Finding> {
  const { version, counts } = await api.get('status');
  const { accounts, online } = counts as Item;
  const text = `${api.url.href} runs ${version}; ${accounts} registration(s), ${online} online`;
  const down = await findPartsDown(api.url);
  return down === '' ? ok('manager', text) : warning('manager', `${text}; down: ${down}, see GET /health`);
}

/** Reads terminus' answer. */
async function findPartsDown({ href }: URL): Promise<string> {
  try {
    const { status, body } = await probe(new URL(`${href.replace(/\/+$/, '')}/health`));
    if (status === 200) return '';
    const names = Object.keys(JSON.parse(body).error ?? {}).filter((name) => /^\w{1,32}$/.test(name));
    return names.join(', ') || `answered ${status}`;
  } catch (error) {
    return error instanceof ProbeError ? `no answer (${error.step} ${error.code})` : 'no answer of a manager';
  }
}

/** A few corps that the manager has a corpSecret of, and those that it has callback keys of. */
interface Corps {
  readonly withSecret: readonly string[];
  readonly withKeys: readonly string[];
}

async function findCorps(api: ManagerApi): Promise<Corps> {
  const corpsIn = async (path: string, has = (_item: Item): boolean => true): Promise<string[]> => {
    const { items } = await api.list(path, {}, LOOKED_AT_MAX);
    return items.filter(has).map(({ corpId }) => String(corpId));
  };
  const apps = await corpsIn('apps');
  const accounts = await corpsIn('kf-accounts');
  const bots = await corpsIn('bots', ({ hasCorpSecret }) => hasCorpSecret === true);
  const withSecret = [...new Set([...accounts, ...bots])].slice(0, CORPS_MAX);
  return { withSecret, withKeys: [...new Set([...apps, ...accounts])] };
}

/** Has the manager ask WeCom, from its address and through its proxy. */
async function checkCorp(api: ManagerApi, corpId: string): Promise<Finding> {
  try {
    await api.get('wecom-accounts', { corpId });
    return judgeAnswer(corpId, '', { errcode: 0, errmsg: '' });
  } catch (error) {
    if (!(error instanceof ManagerApiError)) throw error;
    const [, errcode] = /\berrcode (-?\d+)/.exec(error.message) ?? [];
    if (error.code !== 'WECOM_REFUSED' || errcode === undefined)
      return failed('wecom', `for corp ${corpId} ${error.message}`);
    return judgeAnswer(corpId, 'refuses what the manager asks', { errcode: Number(errcode), errmsg: '' });
  }
}

async function* checkUrl(
  api: ManagerApi,
  target: CallbackTarget,
  corps: readonly string[],
): AsyncGenerator<Finding> {
  const corpId = target.corpId ?? corps[0];
  if (corpId === undefined) {
    yield failed('callback', noKeysOf(target));
    return;
  }
  try {
    const { query, echo } = await api.get('callback-verification', { corpId });
    const from = `the manager at ${api.url.href}`;
    yield* checkCallback(target, { corpId, query: String(query), echo: String(echo), from });
  } catch (error) {
    if (!(error instanceof ManagerApiError)) throw error;
    yield failed('callback', error.code === 'CALLBACK_CORP_UNKNOWN' ? noKeysOf(target) : error.message);
  }
}
