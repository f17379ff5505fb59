/** The built manager with a simulated WeCom behind it, for the suites of the API proxy. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { type ManagerProcess, startManager } from './manager-process.js';
import { embeddedPlace, type Place } from './place.js';
import type { WecomCall } from './wecom-call.js';
import { usual } from './wecom-faults.js';
import { startWecomServer, type WecomServer } from './wecom-server.js';

const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';

export interface ProxySuite {
  readonly wecom: WecomServer;
  readonly manager: ManagerProcess;
  /** @param target path under cgi-bin, and query. */
  url(target: string): string;
  /** The same as it stands in a request line. */
  path(target: string): string;
  /** The access token of an app that WeCom knows. */
  goodToken(): string;
  /** What WeCom has got in this test. */
  calls(api?: string): WecomCall[];
  restart(signal?: NodeJS.Signals): Promise<void>;
}

/** One manager for all tests of the suite in which this is called; in none of them does it log a token or a secret. */
export function proxySuite(
  env: Readonly<Record<string, string>> = {},
  newPlace: () => Place = embeddedPlace,
): ProxySuite {
  let place: Place;
  let wecom: WecomServer;
  let manager: ManagerProcess;
  let outputBefore = '';
  let callsBefore = 0;

  const start = async () => {
    manager = await startManager({
      ...place.env,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'trace',
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
      ...env,
    });
  };

  beforeAll(async () => {
    place = newPlace();
    wecom = await startWecomServer();
    await start();
  });

  beforeEach(() => {
    callsBefore = wecom.calls.length;
  });

  afterEach(() => wecom.behave('*', usual));

  afterAll(async () => {
    const exitCode = await manager.stop();
    await wecom.close();
    await place.discard();
    expect(exitCode).toBe(0);
    expect(secretsOf(wecom.calls, env).filter((secret) => output().includes(secret))).toEqual([]);
  });

  const output = () => outputBefore + manager.output();

  return {
    get wecom() {
      return wecom;
    },
    get manager() {
      return manager;
    },
    url: (target) => `${manager.url}${PREFIX}${target}`,
    path: (target) => `${PREFIX}${target}`,
    goodToken: () => {
      wecom.addSecret('ww1', 'corp-secret-of-the-proxy');
      return wecom.tokenOf('ww1', 'corp-secret-of-the-proxy');
    },
    calls: (api) => wecom.calls.slice(callsBefore).filter((call) => api === undefined || call.api === api),
    restart: async (signal) => {
      await manager.stop(signal);
      outputBefore = output();
      await start();
    },
  };
}

/** Whatever WeCom was sent of them, and those of the roles; what is too short to be one would be found anywhere. */
function secretsOf(calls: readonly WecomCall[], env: Readonly<Record<string, string>>): string[] {
  const sent = calls.flatMap(({ query: { access_token = '', corpsecret = '' } }) => [
    access_token,
    corpsecret,
  ]);
  const roles = Object.entries(env).flatMap(([name, value]) => (name.startsWith('AUTH_') ? [value] : []));
  return [...new Set([...sent, ...roles])].filter((secret) => secret.length > 8);
}
