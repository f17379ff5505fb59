import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { signatureOf } from '../../crypto/wecom-cipher.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { toResync } from '../outbox/hint.js';
import { DeliveryClient } from './delivery-client.js';
import type { DeliveryForm } from './delivery-form.js';
import { WecomForm } from './wecom-form.js';

/** WeCom waits 5 s for the answer when a URL is saved. */
const VERIFY_LIMIT_MS = 5_000;

export interface Verified {
  /** What is wrong, and the remedy; `null` when the bot answered with the echo. */
  readonly fault: string | null;
  readonly status: number | null;
  readonly durationMs: number;
}

/** Asks a callback bot what WeCom asks when a callback URL is saved. It changes nothing and counts for no circuit. */
@Injectable()
export class BotVerification {
  constructor(
    private readonly client: DeliveryClient,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `BOT_UNVERIFIABLE` */
  async verify(bot: KnownBot): Promise<Verified> {
    const { endpoint, opened, corpId } = bot;
    if (bot.kind !== 'callback' || opened === null) throw new AppError('BOT_UNVERIFIABLE');
    if ('must' in endpoint) return { fault: `its url must ${endpoint.must}`, status: null, durationMs: 0 };
    const echo = String(randomInt(10 ** 14, 2 ** 47));
    const startedMs = this.clock.elapsedMs();
    const form = verifyForm(bot, echo);
    const attempt = this.client.startShown(endpoint, form, toResync({ corpId, openKfId: '' }), () => {});
    const result = await attempt.result;
    const durationMs = this.clock.elapsedMs() - startedMs;
    const answer = await attempt.whenAnswered();
    const status = answer?.status ?? null;
    if (answer?.body.includes('CALLBACK_FROM_MANAGER')) return { fault: OWN_URL, status, durationMs };
    if (!result.taken) return { fault: result.reason + remedyOf(status), status, durationMs };
    const isEcho = answer?.body.trim().replace(/^"(.*)"$/, '$1') === echo;
    return { fault: isEcho ? null : NO_ECHO, status, durationMs };
  }
}

const NO_ECHO =
  'it answered without the opened echo; compare token, EncodingAESKey and receive id in its settings with those of the bot here, and the path of the URL';

const OWN_URL = "its url is a manager's own callback URL; give the bot its program's URL";

function remedyOf(status: number | null): string {
  if (status === null) return '; start the bot, and compare host and port of its URL';
  if (status === 404 || status === 405)
    return '; compare the path of the URL with the one that the program listens at';
  return '; compare token, EncodingAESKey and receive id in its settings with those of the bot here';
}

function verifyForm(bot: KnownBot, echo: string): DeliveryForm {
  return {
    limitMs: VERIFY_LIMIT_MS,
    toRequest: (_endpoint, _event, _attempt, nowMs) => {
      const form = new WecomForm(bot);
      const [timestamp, nonce] = [String(Math.floor(nowMs / 1_000)), String(randomInt(10 ** 9, 10 ** 10))];
      const echostr = form.envelope.sealText(echo);
      const signature = signatureOf(form.envelope.callbackToken, timestamp, nonce, echostr);
      const query = `msg_signature=${signature}&timestamp=${timestamp}&nonce=${nonce}&echostr=${encodeURIComponent(echostr)}`;
      return {
        method: 'GET',
        path: form.pathWith(query),
        headers: ['x-wxkf-attempt', '0', ...form.headers],
        body: null,
      };
    },
  };
}
