import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';
import { parseObject } from '../client/wecom-answer.js';
import type { AnswerHead } from './caller-answer.js';
import { headerOf } from './proxy-headers.js';
import type { OwnPull } from './queued-messages.js';

/** What comes before the messages has some 150 bytes. */
export const SYNC_HEAD_BYTES = 1_024;
/** Some bytes may be unpacked to a thousand times as many. */
const UNPACKED_BYTES_MAX = 2 * 1_024 * 1_024;
const CURSOR_LENGTH_MAX = 256;

const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: UNPACKED_BYTES_MAX };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: UNPACKED_BYTES_MAX };

/** Of an answer that may go on. */
const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  '': (bytes) => bytes,
  identity: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes, ZLIB),
  deflate: (bytes) => inflateSync(bytes, ZLIB),
  br: (bytes) => brotliDecompressSync(bytes, BROTLI),
};

/** What an answer says beside the messages; see `OwnPull`. */
export type SyncHead = Pick<OwnPull, 'cursor' | 'isAll'>;

/**
 * The cursor of an answer to `kf/sync_msg`. WeCom gives it before the messages (developer.work.weixin.qq.com/document/path/94670);
 * behind them it is found only in an answer that is short.
 * @param bytes the first `SYNC_HEAD_BYTES`, or all.
 * @returns `null` for one that failed, or where none is found.
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

/** An object of what stands before the messages. */
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
