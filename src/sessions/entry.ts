/** What an entry of `kf/sync_msg` says about a session. */
import { hash } from 'node:crypto';
import type { Addressee } from '../kernel/account.js';
import { webhookIdOf } from '../queue/message.js';
import { ORIGIN, type SyncEntry } from '../kernel/wecom-format.js';

/** Names of developer.work.weixin.qq.com/document/path/94670. */
export interface ReadEntry {
  /** Stands for the `msgid`. */
  readonly id: string;
  /** As a bot gets it; `null` for an entry without `msgid`. */
  readonly webhookId: string | null;
  /** By WeCom's clock. */
  readonly sentAtMs: number;
  readonly what:
    | { readonly kind: 'customer'; readonly text: string | null; readonly menuId: string | null }
    | { readonly kind: 'servicer' }
    | { readonly kind: 'entered'; readonly code: string | null }
    | {
        readonly kind: 'changed';
        /** 1 from the pool to a person, 2 to another person, 3 ended, 4 taken up again. */
        readonly change: number;
        readonly code: string | null;
      }
    | { readonly kind: 'send_failed'; readonly failType: number }
    | { readonly kind: 'other' };
}

/** The `external_userid` of the entry; `''` for none. */
export function customerOf(entry: SyncEntry): string {
  return textOf(entry.external_userid) ?? textOf(eventOf(entry).external_userid) ?? '';
}

/** Whether it tells that a servicer of the account begins or stops to serve. */
export function isServicerChange(entry: SyncEntry): boolean {
  return eventOf(entry).event_type === 'servicer_status_change';
}

export function readEntry({ corpId, openKfId }: Addressee, entry: SyncEntry, nowMs: number): ReadEntry {
  const msgid = textOf(entry.msgid);
  return {
    id: hash('sha256', msgid ?? JSON.stringify(entry), 'base64url').slice(0, 12),
    webhookId: msgid === null ? null : webhookIdOf({ corpId, openKfId, msgid }),
    sentAtMs: Number.isFinite(entry.send_time) ? Number(entry.send_time) * 1_000 : nowMs,
    what: whatOf(entry),
  };
}

/** The entry for a bot whose customers were welcomed already: the code is good for one welcome. */
export function withoutWelcome(entry: SyncEntry): SyncEntry {
  const event = eventOf(entry);
  if (event.event_type !== 'enter_session' || !('welcome_code' in event)) return entry;
  const { welcome_code: _code, ...left } = event;
  return { ...entry, event: left };
}

function whatOf(entry: SyncEntry): ReadEntry['what'] {
  if (entry.origin === ORIGIN.customer) {
    const text = isObject(entry.text) ? entry.text : {};
    return { kind: 'customer', text: textOf(text.content), menuId: textOf(text.menu_id) };
  }
  if (entry.origin === ORIGIN.servicer) return { kind: 'servicer' };
  const event = eventOf(entry);
  switch (event.event_type) {
    case 'enter_session':
      return { kind: 'entered', code: textOf(event.welcome_code) };
    case 'session_status_change':
      return {
        kind: 'changed',
        change: Number(event.change_type) || 0,
        code: textOf(event.msg_code),
      };
    case 'msg_send_fail':
      return { kind: 'send_failed', failType: Number(event.fail_type) || 0 };
    default:
      return { kind: 'other' };
  }
}

function eventOf({ event }: SyncEntry): SyncEntry {
  return isObject(event) ? event : {};
}

/** @returns `null` for an empty text too. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isObject(value: unknown): value is SyncEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
