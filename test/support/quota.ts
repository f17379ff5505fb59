/** What suites of WeCom's limits share: who calls, and in which count. */
import { call, type CallAnswer, jsonOf } from './http-call.js';
import type { ManagerProcess } from './manager-process.js';
import { newApp } from './wecom.js';
import type { WecomServer } from './wecom-server.js';

const MINUTE_MS = 60_000;
const ALONE_MS = 5_000;

/** A token that the manager has given out, so that it knows whose it is. */
export async function tokenOfNewCorp(managerUrl: string, wecom: WecomServer): Promise<string> {
  const { corpId } = newApp();
  wecom.addSecret(corpId, `secret-of-${corpId}`);
  const query = `corpid=${corpId}&corpsecret=secret-of-${corpId}`;
  const got = jsonOf(await call(`${managerUrl}/puppetWxkfManager/getToken?${query}`));
  return String(got.access_token);
}

/** When one of them last said that it counts alone, for 5 s, since the database is too slow. */
async function lastAloneMs(managers: readonly ManagerProcess[]): Promise<number> {
  const times = managers.map(async ({ url, log, line }) => {
    const requestId = `last-${log.length}`;
    await call(`${url}/nothing`, { headers: ['x-request-id', requestId] });
    // Everything before is in the log when this is.
    await line((one) => one.requestId === requestId);
    return log.filter(({ msg }) => msg === 'quota.counting_alone').map(({ time }) => Number(time));
  });
  return Math.max(0, ...(await Promise.all(times)).flat());
}

/**
 * Windows of MongoDB are those of its clock: what fell into two is made again, and so is what was not counted
 * there, on a machine that does other things.
 */
export async function inOneCount(
  managers: () => readonly ManagerProcess[],
  make: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const startedMs = Date.now();
    const made = await make().then(
      () => ({ error: null }),
      (error: unknown) => ({ error }),
    );
    if (made.error === null) return;
    const isOneWindow = Math.floor(Date.now() / MINUTE_MS) === Math.floor(startedMs / MINUTE_MS);
    if (isOneWindow && (await lastAloneMs(managers())) < startedMs - ALONE_MS) throw made.error;
  }
}

export const isOver = (answer: CallAnswer) => jsonOf(answer).errcode === 45009;
