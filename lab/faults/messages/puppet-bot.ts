/** A bot that registers, and is sent each message signed. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOf } from './kf-corp.js';
import { type Answer, type Life, MessageBot, REFUSED_ONE_IN } from './message-bot.js';

const THINKS_MS = 40;
const REGISTER_AGAIN_MS = 200;
const AGE_MAX_S = 300;

export class PuppetBot extends MessageBot {
  override readonly kind = 'puppet';

  /** As puppets do it at each start. */
  protected override async began(life: Life): Promise<void> {
    if (this.made.key === '') return;
    while (!life.isOver && !(await this.register().catch(() => false))) await sleep(REGISTER_AGAIN_MS);
  }

  /** @returns whether it was accepted. */
  async register(): Promise<boolean> {
    const { openKfId, corp } = this.account;
    const registration = {
      ...{ kfId: openKfId, kfName: 'puppet', endpoint: this.url },
      ...{ corpId: corp.app.corpId, corpSecret: corp.corpSecret, takes: 'message' },
    };
    const response = await fetch(`${this.world.nextUrl()}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.made.key}` },
      body: JSON.stringify(registration),
    });
    if (response.status === 400) this.complain(await response.text());
    return response.ok;
  }

  protected override async take(
    _life: Life,
    { url = '', headers }: IncomingMessage,
    body: string,
    answer: Answer,
  ): Promise<void> {
    const { oracle, random } = this.world;
    const { openKfId } = this.account;
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    if (url !== `/${openKfId}/callback/message`) return answer.refuse(404);
    if (!isSigned(this.made.signingSecret, id, timestamp, body, String(headers['webhook-signature']))) {
      this.complain('a message whose signature is wrong');
      return answer.refuse(401);
    }
    const message = JSON.parse(body) as Readonly<Record<string, unknown>>;
    answer.delivery = oracle.called(openKfId, id, Number(headers['x-wxkf-attempt']));
    oracle.given(openKfId, numberOf(message));
    if (random.below(REFUSED_ONE_IN) === 0) return answer.refuse();
    await sleep(random.below(THINKS_MS));
    answer.take();
  }
}

/** Standard Webhooks. */
function isSigned(secret: string, id: string, timestamp: string, body: string, signature: string): boolean {
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > AGE_MAX_S) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return (
    signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected))
  );
}
