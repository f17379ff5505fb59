/** What `kf/sync_msg` gives, read as far as the manager has to know it; the rest is passed on as it is. */
import { hash } from 'node:crypto';
import { toFailure } from '../../queue/failure.js';
import { Secret } from '../../kernel/secret.js';
import { MESSAGE_BYTES_MAX, ORIGIN, type SyncEntry } from '../../kernel/wecom-format.js';
import { isChoice } from '../../queue/quick-texts.js';
import type { NewMessage } from '../../queue/message.js';
import type { WithheldOutcome } from '../../log/delivery-record.js';
import type { WithheldMessage } from '../sending/message-outcomes.js';
import { type Addressee, customerKey } from '../../kernel/account.js';

/** The `change_type` of a session that has ended (developer.work.weixin.qq.com/document/path/94670). */
const ENDED = 3;

/** Which entries are for the bot. */
export interface WantedEntries {
  /** Whether it gets what servicers write, too. */
  readonly includesServicer: boolean;
  /** Messages that were sent before are not for the bot, epoch milliseconds. */
  readonly fromMs: number;
  /** Stands for the time of a message without one. */
  readonly nowMs: number;
  /** Why the bot does not get an entry; `null` where it does. In the order of the entries; left out for none. */
  readonly withheld?: readonly (WithheldOutcome | null)[];
}

export interface ReadEntries {
  readonly messages: readonly NewMessage[];
  /** The ids of messages that were sent before `fromMs`, and of those that are withheld. */
  readonly skipped: readonly string[];
  readonly withheld: readonly WithheldMessage[];
  /** The customers of those that are withheld, by lane. */
  readonly withheldLanes: readonly string[];
}

export function readEntries(
  account: Addressee,
  entries: readonly SyncEntry[],
  wanted: WantedEntries,
): ReadEntries {
  const all = entries
    .map((entry, skip) => toMessage(account, entry, skip, wanted.nowMs))
    .filter(({ origin }) => origin !== ORIGIN.servicer || wanted.includesServicer);
  const outcomeOf = ({ skip }: NewMessage): WithheldOutcome | null => wanted.withheld?.[skip] ?? null;
  const [old, timely] = [
    all.filter(({ sentAtMs }) => sentAtMs < wanted.fromMs),
    all.filter(({ sentAtMs }) => sentAtMs >= wanted.fromMs),
  ];
  const withheld = timely.flatMap((message) => {
    const outcome = outcomeOf(message);
    return outcome === null ? [] : [{ msgid: message.msgid, outcome }];
  });
  return {
    messages: timely.filter((message) => outcomeOf(message) === null),
    skipped: [...old, ...withheld].map(({ msgid }) => msgid),
    withheld,
    withheldLanes: timely.filter((message) => outcomeOf(message) !== null).map(({ lane }) => lane),
  };
}

function toMessage(account: Addressee, entry: SyncEntry, skip: number, nowMs: number): NewMessage {
  const event = isObject(entry.event) ? entry.event : {};
  const content = JSON.stringify(withAccount(entry, event, account));
  const customer = textOf(entry.external_userid) || textOf(event.external_userid);
  return {
    // A message without an id is known by its content.
    msgid: textOf(entry.msgid) || hash('sha256', content, 'base64url'),
    type: textOf(entry.msgtype),
    origin: Number.isInteger(entry.origin) ? Number(entry.origin) : 0,
    skip,
    lane: customer === '' ? '' : customerKey(account, customer),
    isUrgent: isUrgent(event),
    isText: entry.origin === ORIGIN.customer && entry.msgtype === 'text' && !isChoice(entry.text),
    sentAtMs: Number.isFinite(entry.send_time) ? Number(entry.send_time) * 1_000 : nowMs,
    ...measured(content, nowMs),
  };
}

/** Whether it has a code that WeCom takes for 20 s (developer.work.weixin.qq.com/document/path/95122). */
function isUrgent({ event_type: type, change_type: change, welcome_code, msg_code }: SyncEntry): boolean {
  if (type === 'enter_session') return textOf(welcome_code) !== '';
  return type === 'session_status_change' && change === ENDED && textOf(msg_code) !== '';
}

/** The content as it is sent. One that is too long to be sent is not kept: the message is dead from the start. */
function measured(content: string, nowMs: number): Pick<NewMessage, 'content' | 'failure'> {
  const bytes = Buffer.byteLength(content);
  if (bytes <= MESSAGE_BYTES_MAX) return { content: new Secret(content) };
  const reason = `the message has ${bytes} bytes; at most ${MESSAGE_BYTES_MAX} are kept and sent`;
  return { content: new Secret(''), failure: toFailure(nowMs, 'oversized', reason) };
}

/** Some entries come without their account, and programs drop those (AstrBot PR 9726, wechatpy issue 803). */
function withAccount(entry: SyncEntry, event: SyncEntry, { openKfId }: Addressee): SyncEntry {
  const isNamed = textOf(entry.open_kfid) !== '' || textOf(event.open_kfid) !== '';
  return isNamed ? entry : { ...entry, open_kfid: openKfId };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is SyncEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
