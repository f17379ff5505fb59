import { type MessageHead, webhookIdOf } from '../storage/queue/message.js';
import type { MessageAnswer } from './answers/message.dto.js';
import { toAgeS, toIso } from '../http/answers/times.js';
import { toFailureAnswer } from '../insight/answers/hint-answer.js';

/** Picked field by field: it names no customer. @param name of its account. @param nowMs store time. */
export function toMessageAnswer(head: MessageHead, name: string | null, nowMs: number): MessageAnswer {
  const { corpId, openKfId, msgid, type, origin, state, attempts, refusals, dueAtMs } = head;
  return {
    corpId,
    openKfId,
    name,
    webhookId: webhookIdOf(head),
    msgid,
    type,
    origin,
    state,
    sentAt: toIso(head.sentAtMs),
    storedAt: toIso(head.storedAtMs),
    ageS: toAgeS(nowMs, head.storedAtMs),
    attempts,
    refusals,
    dueAt: dueAtMs === null ? null : toIso(dueAtMs),
    failure: toFailureAnswer(head.lastFailure),
  };
}
