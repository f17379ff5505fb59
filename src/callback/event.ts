import { hash, randomUUID } from 'node:crypto';
import { AppError } from '../kernel/app-error.js';
import { readXml } from './xml-document.js';

/** The fields of an opened callback that routing needs. */
export interface OpenedEvent {
  readonly event: string;
  readonly toUserName: string;
  /** `''` when the event names no kf account. */
  readonly openKfId: string;
  /** `''` when it carries none. */
  readonly syncToken: string;
  /** `CreateTime`, seconds since the epoch; `null` when it carries none. */
  readonly createdAtS: number | null;
}

const NEWS_EVENT = 'kf_msg_or_event';
const SECONDS = /^\d{1,12}$/;
const EVENT_NAME = /^\w{1,64}$/;

/** @throws AppError `CALLBACK_EVENT_MALFORMED` when the message is not XML. */
export function parseEvent(message: string): OpenedEvent {
  const fields = readXml(message);
  if (fields === null) throw new AppError('CALLBACK_EVENT_MALFORMED');
  return {
    event: fields.get('Event') ?? fields.get('MsgType') ?? '',
    toUserName: fields.get('ToUserName') ?? '',
    openKfId: fields.get('OpenKfId') ?? '',
    syncToken: fields.get('Token') ?? '',
    createdAtS: toSeconds(fields.get('CreateTime')),
  };
}

/** @param value a `CreateTime`, as a number or as digits. @returns `null` for anything else. */
export function toSeconds(value: unknown): number | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && SECONDS.test(text) ? Number(text) : null;
}

/** Whether the event goes to a puppet. Any other makes the deployed puppet crash, so it is only acknowledged. */
export function isForPuppet({ event, openKfId }: OpenedEvent): boolean {
  return event === NEWS_EVENT && openKfId !== '';
}

/** `undefined` unless it has the form of an event name: a sender with the key can write any text, up to 64 kB. */
export function toLoggedName({ event }: OpenedEvent): string | undefined {
  return event === NEWS_EVENT || EVENT_NAME.test(event) ? event : undefined;
}

/**
 * An id that is the same when WeCom repeats the event: a repeat may be encrypted anew, but has the same message.
 * It covers the whole message, `CreateTime` included, since several events may share a sync token.
 */
export function idOfMessage(corpId: string, message: string): string {
  return hash('sha256', `${corpId}\n${message}`, 'base64url');
}

/** The id of an event that a gateway opened. Without a sync token, two of them cannot be distinguished. */
export function idOfDecrypted(
  corpId: string,
  openKfId: string,
  syncToken: string,
  createdAtS: number | null,
): string {
  if (syncToken === '') return randomUUID();
  const fields = [corpId, openKfId, syncToken, ...(createdAtS === null ? [] : [createdAtS])];
  return hash('sha256', fields.join('\n'), 'base64url');
}
