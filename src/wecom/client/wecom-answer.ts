/**
 * WeCom's answers. Their HTTP status is 200 also when the call failed. Meaning of codes:
 * developer.work.weixin.qq.com/document/path/90313.
 */

import { isIP } from 'node:net';

/** `errcode` 0 means success. */
export interface WecomAnswer {
  readonly errcode: number;
  readonly errmsg: string;
}

export const ERRCODE = {
  busy: -1,
  secretInvalid: 40001,
  corpIdInvalid: 40013,
  tokenInvalid: 40014,
  /** So WeCom may answer a `msgid` that it had before, too: it documents no code for that. */
  parameterWrong: 40058,
  secretIllegal: 40091,
  corpIdMissing: 41002,
  secretMissing: 41004,
  tokenExpired: 42001,
  tooFrequent: 45009,
  /** Five calls of the corp are under way, as WeCom counts them. */
  tooManyAtOnce: 45033,
  addressUnlisted: 60020,
} as const;

/** The customer takes nothing more until they write again: five messages were sent (95026 was seen for that, too), or 48 h are over. */
export const SENDS_OVER: readonly number[] = [95001, 95002, 95026];

/** The errcodes with their own label: those of credentials, limits and customer service. */
export const COUNTED_ERRCODES: readonly number[] = [
  ...Object.values(ERRCODE),
  // No access token; an access token of another app.
  ...[41001, 301002],
  // The app has no permission, or is disabled.
  ...[48002, 50003],
  // Kf accounts and their sessions.
  ...[95000, 95004, 95011, 95012, 95017, 95018],
  ...SENDS_OVER,
];

/** Whether the errcode may mean that WeCom does not know the cursor. WeCom does not document which one does. */
export function isOfCursor(errcode: number): boolean {
  return errcode === ERRCODE.parameterWrong || (errcode !== 0 && !COUNTED_ERRCODES.includes(errcode));
}

/** The answer of WeCom to a caller over its limits. The manager gives it itself, before WeCom has to. */
export function tooFrequent(what: string): WecomAnswer {
  return {
    errcode: ERRCODE.tooFrequent,
    errmsg: `api freq out of limit, answered by the manager: ${what}`,
  };
}

/** Whether WeCom refused the access token. It then has done nothing. */
export function isTokenError(errcode: number | null): boolean {
  return errcode === ERRCODE.tokenInvalid || errcode === ERRCODE.tokenExpired;
}

/** Whether the corp has no such secret. Other refusals of a token are about the address, limits, or WeCom itself. */
export function isSecretError(errcode: number): boolean {
  const codes: readonly number[] = [ERRCODE.secretInvalid, ERRCODE.corpIdInvalid, ERRCODE.secretIllegal];
  return codes.includes(errcode);
}

/** Whether WeCom may say something else in a moment, whatever the call was. */
export function isPassing(errcode: number): boolean {
  const codes: readonly number[] = [ERRCODE.busy, ERRCODE.tooFrequent, ERRCODE.tooManyAtOnce];
  return codes.includes(errcode) || isTokenError(errcode);
}

/** As in `not allow to access from your ip, hint: [1], from ip: 1.2.3.4, more info at …`. */
const FROM_IP = /(?:^|, )from ip: ([\da-f.:]{2,45})(?:,|$)/i;

/** The address that WeCom does not allow, by the errmsg of 60020. Nothing else of an errmsg is read. */
export function unlistedAddressOf({ errcode, errmsg }: WecomAnswer): string | undefined {
  const named = errcode === ERRCODE.addressUnlisted ? FROM_IP.exec(errmsg)?.[1] : undefined;
  return named !== undefined && isIP(named) > 0 ? named : undefined;
}

/** @returns `null` unless the text is a JSON object with a whole number as `errcode`. */
export function readAnswer(text: string): WecomAnswer | null {
  const value = parseObject(text);
  if (value === null || !Number.isInteger(value.errcode)) return null;
  const errmsg = typeof value.errmsg === 'string' ? value.errmsg : '';
  return { errcode: value.errcode as number, errmsg };
}

/** @returns `null` unless the text is a JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
