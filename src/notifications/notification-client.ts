/** Sends one message, and judges the answer. Neither the URL nor what was answered is repeated: either may hold the key. */
import { Injectable } from '@nestjs/common';
import { readAnswer } from '../wecom/client/wecom-answer.js';
import { WecomClient, type WecomReply } from '../wecom/client/wecom-client.js';
import { NotificationMetrics } from './notification-metrics.js';
import type { Receiver } from './receivers.js';

/** For all of a message, from the connection to the last byte of the answer. */
const LIMIT_MS = 10_000;

/** What came of a message. */
export interface Outcome {
  /** `null` where it was taken. */
  readonly fault: string | null;
  /** HTTP; `null` without an answer. */
  readonly status: number | null;
  /** Of WeCom; `null` where there is none. */
  readonly errcode: number | null;
}

const REMEDIES: Readonly<Record<number, string>> = {
  40058: 'the message is not as WeCom wants it',
  45009: 'more than 20 messages of the robot in a minute',
  93000: "no robot has this key; copy the robot's webhook address into NOTIFY_URL again",
};

@Injectable()
export class NotificationClient {
  constructor(
    /** Its limits, forward proxy and trusted certificates hold here too. */
    private readonly http: WecomClient,
    private readonly metrics: NotificationMetrics,
  ) {}

  async send({ id, kind, url }: Receiver, body: object): Promise<Outcome> {
    const outcome = await this.#exchange(id, new URL(url.reveal()), body).then(
      kind === 'robot' ? ofRobot : ofWebhook,
      (error: unknown) => failed(error instanceof Error ? error.message : 'unknown'),
    );
    this.metrics.sent(outcome.fault === null);
    return outcome;
  }

  #exchange(receiverId: string, url: URL, body: object): Promise<WecomReply> {
    return this.http.send({
      // One that hangs takes nobody else's connections.
      corpId: receiverId,
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      limitMs: LIMIT_MS,
    });
  }
}

function ofWebhook({ status }: WecomReply): Outcome {
  const isTaken = status >= 200 && status <= 299;
  return { fault: isTaken ? null : `it answered ${status}`, status, errcode: null };
}

/** WeCom answers 200 whatever the errcode is. */
function ofRobot(reply: WecomReply): Outcome {
  const outcome = ofWebhook(reply);
  if (outcome.fault !== null) return outcome;
  const errcode = readAnswer(reply.text)?.errcode ?? null;
  if (errcode === null) return { ...outcome, fault: 'its answer is none of WeCom' };
  if (errcode === 0) return { ...outcome, errcode };
  const remedy = REMEDIES[errcode];
  return { ...outcome, errcode, fault: `WeCom answered errcode ${errcode}${remedy ? `: ${remedy}` : ''}` };
}

function failed(fault: string): Outcome {
  return { fault, status: null, errcode: null };
}
