import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { parseObject } from '../client/wecom-answer.js';
import type { AnswerHead } from './caller-answer.js';
import { headerOf } from './proxy-headers.js';
import type { SyncEntry } from '../../kernel/wecom-format.js';
import type { OwnPull } from './queued-messages.js';

/** The part before the messages has some 150 bytes. */
export const SYNC_HEAD_BYTES = 1_024;
/** Some hundred messages. */
export const SYNC_ENTRIES_BYTES = 65_536;
/** Some bytes may be unpacked to a thousand times as many. */
const UNPACKED_BYTES_MAX = 2 * 1_024 * 1_024;
const CURSOR_LENGTH_MAX = 256;

const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: UNPACKED_BYTES_MAX };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: UNPACKED_BYTES_MAX };

/** They also unpack an answer whose end is missing. */
const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  '': (bytes) => bytes,
  identity: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes, ZLIB),
  deflate: (bytes) => inflateSync(bytes, ZLIB),
  br: (bytes) => brotliDecompressSync(bytes, BROTLI),
};

/** The fields of an answer beside the messages; see `OwnPull`. */
type SyncHead = Pick<OwnPull, 'cursor' | 'isAll'>;

/**
 * Reads the cursor of an answer to `kf/sync_msg`. WeCom puts it before the messages
 * (developer.work.weixin.qq.com/document/path/94670). A cursor behind them is found only when `bytes` has the whole answer.
 * @param bytes the first `SYNC_HEAD_BYTES`, or all.
 * @returns `null` when the pull failed, or no cursor was found.
 */
export function readSyncHead({ status, headers }: AnswerHead, bytes: Buffer): SyncHead | null {
  if (status !== 200) return null;
  const text = unpack(headerOf(headers, 'content-encoding').toLowerCase(), bytes);
  const {
    errcode,
    next_cursor: cursor,
    has_more: hasMore,
  } = parseObject(text) ?? parseObject(beforeMessages(text)) ?? {};
  const isCursor = typeof cursor === 'string' && cursor !== '' && cursor.length <= CURSOR_LENGTH_MAX;
  return errcode === 0 && isCursor ? { cursor, isAll: hasMore === 0 } : null;
}

/** @returns the entries of a whole answer that went well; `null` for any other, and for one that is longer than the bytes. */
export function readSyncEntries(head: AnswerHead, bytes: Buffer): readonly SyncEntry[] | null {
  const { errcode, msg_list: list } = readAnswerFields(head, bytes) ?? {};
  if (errcode !== 0 || !Array.isArray(list)) return null;
  return list.filter((entry) => typeof entry === 'object' && entry !== null);
}

/** @returns the fields of a whole answer; `null` for one that is longer than the bytes, or no JSON object. */
export function readAnswerFields(
  { status, headers }: AnswerHead,
  bytes: Buffer,
): Readonly<Record<string, unknown>> | null {
  if (status !== 200) return null;
  return parseObject(unpack(headerOf(headers, 'content-encoding').toLowerCase(), bytes));
}

/** The fields before the messages, closed to a JSON object. */
function beforeMessages(text: string): string {
  const at = text.indexOf('"msg_list"');
  return at === -1 ? '' : `${text.slice(0, at).trimEnd().replace(/,$/, '')}}`;
}

function unpack(encoding: string, bytes: Buffer): string {
  try {
    return UNPACK[encoding]?.(bytes).toString('utf8') ?? '';
  } catch {
    return '';
  }
}
