/** A robot of a group chat: takes messages at an address that has its key, without an access token (91770). */
import { createHash } from 'node:crypto';
import { type ApiAnswer, ok, Refused } from './answers.js';
import type { ApiCall } from './api-call.js';
import { RequestFields } from './request-fields.js';

export const ROBOT_API = 'webhook/send';

/** What stands in the group. */
export interface RobotMessage {
  readonly atMs: number;
  readonly msgtype: string;
  readonly content: string;
}

/** In UTF-8, by msgtype; of those that it plays. */
const CONTENT_BYTES_MAX: Readonly<Record<string, number>> = { text: 2_048, markdown: 4_096 };
const MESSAGES_A_MINUTE = 20;
const MINUTE_MS = 60_000;
const KEPT = 100;

export class GroupRobot {
  readonly key: string;
  /** Newest last. */
  readonly messages: RobotMessage[] = [];
  onChange: () => void = () => {};
  #takenAtMs: number[] = [];

  /** The key follows from the corp, so that it stays. */
  constructor(corpId: string) {
    const digest = createHash('sha256').update(`robot ${corpId}`).digest('hex');
    this.key = digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  }

  /** @throws Refused */
  send({ method, query, body }: ApiCall, nowMs: number): ApiAnswer {
    if (query.key !== this.key) throw new Refused(93000);
    if (method !== 'POST') throw new Refused(43002);
    const fields = RequestFields.of(body.toString('utf8'));
    const msgtype = fields.string('msgtype', 32);
    const bytesMax = CONTENT_BYTES_MAX[msgtype];
    if (bytesMax === undefined) throw new Refused(40008);
    const content = fields.object(msgtype).string('content', bytesMax);
    if (content === '') throw new Refused(44004);
    this.#takenAtMs = this.#takenAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
    if (this.#takenAtMs.length >= MESSAGES_A_MINUTE) throw new Refused(45009);
    this.#takenAtMs.push(nowMs);
    this.messages.push({ atMs: nowMs, msgtype, content });
    if (this.messages.length > KEPT) this.messages.shift();
    this.onChange();
    return ok();
  }
}
