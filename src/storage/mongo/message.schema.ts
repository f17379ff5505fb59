import { Secret } from '../../kernel/secret.js';
import {
  MESSAGE_LIFE_MS,
  type Message,
  type MessageHead,
  type MessageState,
  type PageStart,
  webhookIdOf,
} from '../../messages/message.js';
import type { MessageAccount } from '../../messages/message-queue.js';
import type { UnderWay } from '../../messages/message-store.js';
import type { Addressee } from '../../registry/destination.js';
import { accountKey } from '../../registry/puppet.js';
import { hasShape, isCount, isDate, isNumber, isText, orNull } from '../record-shape.js';
import { type FailureRecord, fromFailureRecord, isFailureRecord, toFailureRecord } from './failure.schema.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const MESSAGES = 'wxkfmessages';
export const MESSAGE_ACCOUNTS = 'wxkfmessageaccounts';

/** The state of a message of which only the id is left. */
export const KNOWN = 'known';

/** The state of a record that was set aside because it cannot be read. */
export const UNREADABLE = 'unreadable';

/** Later than every time: where a comparison must find nothing, but `$min` must take what is earlier. */
export const NEVER = new Date(Date.UTC(9999, 0));
/** Earlier than every time. */
export const LONG_AGO = new Date(0);

export interface KnownRecord {
  /** `webhookIdOf`. */
  readonly _id: string;
  /** `accountKey`. */
  readonly account: string;
  readonly state: MessageState | typeof KNOWN | typeof UNREADABLE;
  /** When the id of a known message may go, and when a dead message becomes a known one; `null` for one that waits. */
  readonly keptUntil: Date | null;
}

/** Has these fields until only its id is left. */
export interface MessageRecord extends KnownRecord, Omit<MessageHead, HeadTimes | 'state'> {
  readonly sentAt: Date;
  readonly storedAt: Date;
  readonly dueAt: Date | null;
  readonly lastFailure: FailureRecord | null;
  readonly content: string;
}

type HeadTimes = 'sentAtMs' | 'storedAtMs' | 'dueAtMs' | 'lastFailure';

/** What is kept of an account beside its messages. Each lease is of one process. */
export interface AccountRecord extends Addressee {
  /** `accountKey`. */
  readonly _id: string;
  /** A list, since the id of an app may not be the name of a field. */
  readonly cursors: readonly { readonly appId: string; readonly cursor: string }[];
  /** `null` until a page was kept. */
  readonly regime: string | null;
  readonly coveredUntil: Date;
  readonly mover: MessageAccount['mover'];
  readonly moves: MessageAccount['moves'];
  readonly wentBackUntil: Date;
  readonly pulledAt: Date;
  readonly nextSeq: number;
  readonly pullId: string | null;
  readonly pulledUntil: Date;
  /** Messages may be inserted until then. A turn that finds none leaves the account due for that time. */
  readonly keepingUntil: Date;
  /** `null` after a turn that ended and left nothing in doubt. */
  readonly leaseId: string | null;
  readonly leasedUntil: Date;
  /** When it may be claimed, lease aside; `NEVER` while nothing waits. */
  readonly dueAt: Date;
  /** It became due since it was claimed. */
  readonly isNewer: boolean;
  readonly endpoint: string | null;
  /** When it was last claimed to probe its endpoint. */
  readonly probedAt: Date;
  readonly underWay: UnderWay | null;
}

export function toAccountRecord({ corpId, openKfId }: Addressee): AccountRecord {
  return {
    _id: accountKey({ corpId, openKfId }),
    corpId,
    openKfId,
    cursors: [],
    regime: null,
    coveredUntil: LONG_AGO,
    mover: null,
    moves: [],
    wentBackUntil: LONG_AGO,
    pulledAt: LONG_AGO,
    nextSeq: 0,
    pullId: null,
    pulledUntil: LONG_AGO,
    keepingUntil: LONG_AGO,
    leaseId: null,
    leasedUntil: LONG_AGO,
    dueAt: NEVER,
    isNewer: false,
    endpoint: null,
    probedAt: LONG_AGO,
    underWay: null,
  };
}

export function toRecord({
  content,
  sentAtMs,
  storedAtMs,
  dueAtMs,
  lastFailure,
  ...same
}: Message): MessageRecord {
  return {
    _id: webhookIdOf(same),
    account: accountKey(same),
    ...same,
    sentAt: new Date(sentAtMs),
    storedAt: new Date(storedAtMs),
    dueAt: dueAtMs === null ? null : new Date(dueAtMs),
    lastFailure: lastFailure === null ? null : toFailureRecord(lastFailure),
    keptUntil: same.state === 'dead' ? new Date(storedAtMs + MESSAGE_LIFE_MS) : null,
    content: content.reveal(),
  };
}

/** After it, nothing but the id is left. */
export function asKnown(untilMs: number) {
  return { $set: { state: KNOWN, keptUntil: new Date(untilMs) }, $unset: HEAD_FIELDS } as const;
}

const HEAD_FIELDS = {
  corpId: 1,
  openKfId: 1,
  msgid: 1,
  type: 1,
  origin: 1,
  lane: 1,
  skip: 1,
  page: 1,
  sentAt: 1,
  seq: 1,
  storedAt: 1,
  attempts: 1,
  refusals: 1,
  step: 1,
  dueAt: 1,
  lastFailure: 1,
  content: 1,
} as const;

/** @returns `null` for a record that does not have the shape of a message. */
export function fromRecord(record: MessageRecord): Message | null {
  const { content } = record;
  const head = toHead(record);
  return head === null || typeof content !== 'string' ? null : { ...head, content: new Secret(content) };
}

/** The same without what it says. */
export function toHead(record: MessageRecord): MessageHead | null {
  if (!isHeadRecord(record) || record._id !== webhookIdOf(record)) return null;
  const { sentAt, storedAt, dueAt, lastFailure } = record;
  const { corpId, openKfId, msgid, type, origin, lane, skip, page, seq } = record;
  const { state, attempts, refusals, step } = record;
  return {
    ...{ corpId, openKfId, msgid, type, origin, lane, skip, page, seq, attempts, refusals, step },
    state: state as MessageState,
    sentAtMs: sentAt.getTime(),
    storedAtMs: storedAt.getTime(),
    dueAtMs: dueAt?.getTime() ?? null,
    lastFailure: lastFailure === null ? null : fromFailureRecord(lastFailure),
  };
}

const isHeadRecord = hasShape<Omit<MessageRecord, 'content'>>({
  _id: isText,
  account: isText,
  corpId: isText,
  openKfId: isText,
  msgid: isText,
  type: isText,
  origin: isNumber,
  lane: isText,
  skip: isCount,
  page: hasShape<PageStart>({ appId: isText, cursor: isText }),
  sentAt: isDate,
  seq: isCount,
  state: (value) => value === 'waiting' || value === 'dead',
  storedAt: isDate,
  attempts: isCount,
  refusals: isCount,
  step: isCount,
  dueAt: orNull(isDate),
  lastFailure: orNull(isFailureRecord),
  keptUntil: orNull(isDate),
});
