/** 回调配置 (90930): what the admin page checks when the three values are saved. */
import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.js';
import { exchange, type Outcome } from './http-exchange.js';
import { sealVerification } from './sealing.js';

export interface CallbackConfig {
  readonly url: string;
  readonly token: string;
  readonly encodingAESKey: string;
}

export type VerificationReason =
  | 'invalid-url'
  | 'invalid-token'
  | 'invalid-key'
  | 'unreachable'
  | 'too-slow'
  | 'bad-status'
  | 'wrong-answer';

export type Verification =
  | { readonly isVerified: true; readonly atMs: number; readonly tookMs: number }
  | {
      readonly isVerified: false;
      readonly atMs: number;
      readonly reason: VerificationReason;
      /** What was wrong, for a developer. */
      readonly detail: string;
      /** All that WeCom's admin page says. */
      readonly wecomMessage: string;
    };

const TIMEOUT_MS = 1_000;
const WECOM_MESSAGE = 'openapi回调地址请求不通过';
const TOKEN = /^[A-Za-z0-9]{3,32}$/;
const KEY = /^[A-Za-z0-9]{43}$/;

/** Asks the URL to open an echostr: it must answer with the bare text within a second. */
export async function verifyCallbackUrl(
  corpId: string,
  config: CallbackConfig,
  clock: Clock,
  closing: AbortSignal,
): Promise<Verification> {
  const refuse = (reason: VerificationReason, detail: string): Verification => {
    return { isVerified: false, atMs: clock.nowMs(), reason, detail, wecomMessage: WECOM_MESSAGE };
  };
  const url = URL.parse(config.url);
  if (url === null || !/^https?:$/.test(url.protocol))
    return refuse('invalid-url', 'the URL is no http or https URL');
  if (!TOKEN.test(config.token)) return refuse('invalid-token', 'Token is 3 to 32 letters and digits');
  if (!KEY.test(config.encodingAESKey))
    return refuse('invalid-key', 'EncodingAESKey is 43 letters and digits');
  const echo = String(randomInt(10 ** 14)).padStart(19, '7');
  const query = sealVerification({ corpId, ...config }, echo, corpId, Math.floor(clock.nowMs() / 1_000));
  const startedMs = clock.elapsedMs();
  const target = withQuery(url, query);
  const outcome = await exchange(
    { url: target, method: 'GET', headers: {}, timeoutMs: TIMEOUT_MS },
    clock,
    closing,
  );
  const fault = faultOf(outcome, echo);
  if (fault !== null) return refuse(...fault);
  return { isVerified: true, atMs: clock.nowMs(), tookMs: Math.round(clock.elapsedMs() - startedMs) };
}

/** With what the URL has already. */
export function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.append(name, value);
  return target;
}

function faultOf(outcome: Outcome, echo: string): [VerificationReason, string] | null {
  if (outcome.kind === 'failed') return ['unreachable', `the URL cannot be reached: ${outcome.reason}`];
  if (outcome.kind === 'cut') return ['too-slow', 'there was no answer within 1 s'];
  const { status, body } = outcome;
  if (status !== 200) return ['bad-status', `the answer was ${status}, not 200: ${wordsOf(body)}`];
  if (body === echo) return null;
  return [
    'wrong-answer',
    `the answer was not the opened echostr alone, but ${JSON.stringify(body.slice(0, 200))}`,
  ];
}

/** What an error says, without what differs each time, such as a request id: it is shown once for each reason. */
function wordsOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, 200);
  } catch {
    // No JSON, or none with fields.
  }
  return body.slice(0, 200);
}
