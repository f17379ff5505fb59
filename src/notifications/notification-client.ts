/** Sends one message, and judges the answer. It repeats neither the URL nor the answer: both may hold the receiver's key. */
import { Injectable } from '@nestjs/common';
import { readAnswer } from '../wecom/client/wecom-answer.js';
import { RareCalls, type RareReply } from '../http/outgoing/rare-calls.js';
import { NotificationMetrics } from './notification-metrics.js';
import type { Receiver } from './receivers.js';

/** Limit of one message, from the connection to the last byte of the answer. */
const LIMIT_MS = 10_000;

/** What came of a message. */
export interface NotificationResult {
  /** Why the message was not taken; `null` where it was. */
  readonly fault: string | null;
  /** The HTTP status; `null` without an answer. */
  readonly status: number | null;
  /** WeCom's errcode; `null` where there is none. */
  readonly errcode: number | null;
}

const REMEDIES: Readonly<Record<number, string>> = {
  40058: 'WeCom does not accept the form of the message',
  45009: 'the robot got more than 20 messages within a minute; wait a minute',
  93000: "no robot has this key; copy the robot's webhook address into NOTIFY_URL again",
};

@Injectable()
export class NotificationClient {
  constructor(
    /** Its limits, forward proxy and trusted certificates hold here too. */
    private readonly http: RareCalls,
    private readonly metrics: NotificationMetrics,
  ) {}

  async send({ id, kind, url }: Receiver, body: object): Promise<NotificationResult> {
    const outcome = await this.#exchange(id, new URL(url.reveal()), body).then(
      kind === 'robot' ? ofRobot : ofWebhook,
      (error: unknown) => failed(error instanceof Error ? error.message : 'unknown'),
    );
    this.metrics.sent(outcome.fault === null);
    return outcome;
  }

  #exchange(receiverId: string, url: URL, body: object): Promise<RareReply> {
    return this.http.send({
      // Each receiver has its own connections, so one that hangs does not block the others.
      party: receiverId,
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      limitMs: LIMIT_MS,
    });
  }
}

function ofWebhook({ status }: RareReply): NotificationResult {
  const isTaken = status >= 200 && status <= 299;
  return { fault: isTaken ? null : `it answered ${status}`, status, errcode: null };
}

/** WeCom answers 200 whatever the errcode is. */
function ofRobot(reply: RareReply): NotificationResult {
  const outcome = ofWebhook(reply);
  if (outcome.fault !== null) return outcome;
  const errcode = readAnswer(reply.text)?.errcode ?? null;
  if (errcode === null)
    return { ...outcome, fault: 'the answer is not one of WeCom; look at the host in NOTIFY_URL' };
  if (errcode === 0) return { ...outcome, errcode };
  const remedy = REMEDIES[errcode];
  return { ...outcome, errcode, fault: `WeCom answered errcode ${errcode}${remedy ? `: ${remedy}` : ''}` };
}

function failed(fault: string): NotificationResult {
  return { fault, status: null, errcode: null };
}
