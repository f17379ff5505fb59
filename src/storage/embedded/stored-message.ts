/** A message without what it says, and an account's record, as LMDB keeps them: JSON, as with hints. */
import type { Failure } from '../../dispatch/outbox/hint.js';
import {
  MESSAGE_STATES,
  type MessageHead,
  type MessageState,
  type PageStart,
  webhookIdOf,
} from '../../messages/message.js';
import type { CursorMove, MessageAccount } from '../../messages/message-queue.js';
import { accountKey } from '../../registry/puppet.js';
import {
  type Check,
  hasShape,
  isCount,
  isListOf,
  isNumber,
  isText,
  orAbsent,
  orNull,
} from '../record-shape.js';

export function toStored(value: MessageHead | MessageAccount): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** @returns `null` for what is no message, or not the one of this key. */
export function readHead(key: string, bytes: Buffer): MessageHead | null {
  const stored = parse(bytes);
  return isHead(stored) && webhookIdOf(stored) === key ? stored : null;
}

/** @returns `null` for what is no account, or not the one of this key. */
export function readAccount(key: string, bytes: Buffer): MessageAccount | null {
  const stored = parse(bytes);
  return isAccount(stored) && accountKey(stored) === key ? stored : null;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

const isState: Check = (value) => MESSAGE_STATES.includes(value as MessageState);

const isHead = hasShape<MessageHead>({
  corpId: isText,
  openKfId: isText,
  msgid: isText,
  type: isText,
  origin: isNumber,
  lane: isText,
  skip: isCount,
  page: hasShape<PageStart>({ appId: isText, cursor: isText }),
  sentAtMs: isNumber,
  seq: isCount,
  state: isState,
  storedAtMs: isNumber,
  attempts: isCount,
  refusals: isCount,
  step: isCount,
  dueAtMs: orNull(isNumber),
  lastFailure: orNull(
    hasShape<Failure>({ atMs: isNumber, stage: isText, reason: isText, status: orAbsent(isCount) }),
  ),
});

const isAccount = hasShape<MessageAccount>({
  corpId: isText,
  openKfId: isText,
  cursors: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isText),
  regime: orNull(isText),
  coveredUntilMs: isNumber,
  mover: orNull(hasShape<NonNullable<MessageAccount['mover']>>({ takerId: isText, appId: isText })),
  moves: isListOf(hasShape<CursorMove>({ appId: isText, from: isText, atMs: isNumber })),
  wentBackUntilMs: isNumber,
  pulledAtMs: isNumber,
  nextSeq: isCount,
  endpoint: orNull(isText),
});
