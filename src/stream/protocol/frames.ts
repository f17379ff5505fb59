/** The frames of a stream: JSON objects with a `type`. docs/reference/protocol.md has examples. */
import { ID_FORMAT, MESSAGE_BYTES_MAX } from '../../kernel/wecom-format.js';

export const STREAM_VERSION = 1;
/** The longest message, and the fields around it. */
export const FRAME_BYTES_MAX = MESSAGE_BYTES_MAX + 16_384;
/** The longest frame from a bot: a `hello` may name a thousand accounts. */
export const BOT_FRAME_BYTES_MAX = 131_072;
export const HEARTBEAT_S = 30;

export type ConnectionRole = 'active' | 'standby';

export interface AccountRole {
  /** `*` for all accounts of the corp that no other bot lists and no puppet has registered. */
  readonly openKfId: string;
  readonly role: ConnectionRole;
}

/** An event, or a message, for the bot. */
export interface EventFrame {
  readonly type: 'event';
  /** The same for all attempts, like `webhook-id`. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly openKfId: string;
  readonly corpId: string;
  /** How long ago WeCom sent it. */
  readonly ageMs: number;
  /** How long the acknowledgement may take after the bot has pulled the message. Left out when the `ackMs` of `ready` applies. */
  readonly ackMs?: number;
  /** WeCom's sync token. Only events have it. */
  readonly token?: string;
  /** WeCom's entry, as in `kf/sync_msg`. Only messages have it. */
  readonly message?: unknown;
  /** The same event as WeCom's callback, sealed for the bot. Only if its `hello` asked for it. */
  readonly callback?: CallbackText;
}

export interface CallbackText {
  /** The query for the URL that takes the callback. */
  readonly query: string;
  /** XML. */
  readonly body: string;
}

/**
 * `drain`: this manager stops; connect again, this connection works for some seconds more. `replaced`: the client has connected
 * again; do not reconnect. `auth`: the key is not valid any more. `slow`: the bot did not read.
 */
export const GOAWAY_REASONS = ['drain', 'replaced', 'auth', 'slow'] as const;
export type GoawayReason = (typeof GOAWAY_REASONS)[number];

export type ManagerFrame =
  | {
      readonly type: 'ready';
      readonly heartbeatS: number;
      /** How long an acknowledgement may take. */
      readonly ackMs: number;
      readonly accounts: readonly AccountRole[];
    }
  | EventFrame
  | ({ readonly type: 'role' } & AccountRole)
  | { readonly type: 'ping' | 'pong'; readonly at: number }
  | { readonly type: 'goaway'; readonly reason: GoawayReason; readonly reconnectAfterMs: number };

export interface Hello {
  readonly type: 'hello';
  readonly clientId: string;
  /** `null` for all accounts of the bot. */
  readonly openKfIds: readonly string[] | null;
  /** Whether the client also wants events as WeCom's callbacks. */
  readonly wantsCallbacks: boolean;
}

export type BotFrame =
  | Hello
  | { readonly type: 'ack'; readonly id: string }
  | { readonly type: 'nack'; readonly id: string; readonly retryAfterMs: number | null }
  | { readonly type: 'ping' | 'pong'; readonly at: number };

/** Why a text is no valid frame: what it must be. */
export interface FrameFault {
  readonly fault: string;
}

export const CLIENT_ID_FORMAT = {
  pattern: /^[\w.:-]{1,64}$/,
  expected: '1 to 64 letters, digits, ".", "_", ":" and "-"',
};
const ACCOUNTS_MAX = 1_000;
const RETRY_AFTER_MS_MAX = 3_600_000;
const EVENT_ID_LENGTH_MAX = 128;

/** Reads a frame of a bot. Unknown fields are ignored; an unknown type is a fault. */
export function readFrame(text: string): BotFrame | FrameFault {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { fault: 'a frame must be JSON' };
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame))
    return { fault: 'a frame must be a JSON object' };
  const fields = frame as Readonly<Record<string, unknown>>;
  const read = READERS.get(fields.type);
  return read === undefined
    ? { fault: `type must be one of ${[...READERS.keys()].join(', ')}` }
    : read(fields);
}

type Fields = Readonly<Record<string, unknown>>;

const READERS = new Map<unknown, (fields: Fields) => BotFrame | FrameFault>([
  ['hello', toHello],
  ['ack', ({ id }) => (isEventId(id) ? { type: 'ack', id } : NO_ID)],
  ['nack', toNack],
  ['ping', ({ at }) => toBeat('ping', at)],
  ['pong', ({ at }) => toBeat('pong', at)],
]);

const NO_ID: FrameFault = { fault: 'id must be the id of an event' };

function toHello({ version, clientId, openKfIds, form }: Fields): Hello | FrameFault {
  if (version !== STREAM_VERSION) return { fault: `version must be ${STREAM_VERSION}` };
  if (typeof clientId !== 'string' || !CLIENT_ID_FORMAT.pattern.test(clientId))
    return { fault: `clientId must be ${CLIENT_ID_FORMAT.expected}` };
  if (openKfIds !== undefined && openKfIds !== null && !areAccounts(openKfIds))
    return {
      fault: `openKfIds must be a list of 1 to ${ACCOUNTS_MAX} different account ids, or be left out`,
    };
  if (form !== undefined && form !== 'wecom') return { fault: 'form must be wecom, or be left out' };
  return {
    type: 'hello',
    clientId,
    openKfIds: (openKfIds as readonly string[] | undefined) ?? null,
    wantsCallbacks: form === 'wecom',
  };
}

function toNack({ id, retryAfterMs }: Fields): BotFrame | FrameFault {
  if (!isEventId(id)) return NO_ID;
  if (retryAfterMs === undefined || retryAfterMs === null) return { type: 'nack', id, retryAfterMs: null };
  const isGood = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= RETRY_AFTER_MS_MAX;
  if (!isGood) return { fault: `retryAfterMs must be a number from 0 to ${RETRY_AFTER_MS_MAX}` };
  return { type: 'nack', id, retryAfterMs };
}

function toBeat(type: 'ping' | 'pong', at: unknown): BotFrame | FrameFault {
  return typeof at === 'number' && Number.isFinite(at) ? { type, at } : { fault: 'at must be a number' };
}

function isEventId(id: unknown): id is string {
  return typeof id === 'string' && id.length > 0 && id.length <= EVENT_ID_LENGTH_MAX;
}

function areAccounts(ids: unknown): ids is readonly string[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > ACCOUNTS_MAX) return false;
  const areIds = ids.every((id) => typeof id === 'string' && ID_FORMAT.pattern.test(id));
  return areIds && new Set(ids).size === ids.length;
}
