/** Files of the simulated WeCom: uploads that are taken as they come, downloads of any size in chunks. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { type ApiAnswer, ok, refusal } from '../../packages/simulator/api/answers.js';
import { rangedHead } from '../../packages/simulator/api/byte-range.js';
import type { WecomCall } from './wecom-call.js';

export interface Media {
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly fileName: string;
}

const UPLOAD_TYPES = ['image', 'voice', 'video', 'file'];
const CHUNK_BYTES = 65_536;
/** A prime length and every byte value: what is left out, sent twice or taken for text gives other bytes. */
const BLOCK = Buffer.from(Array.from({ length: 65_521 }, (_, at) => (at * 167 + (at >> 8) * 59) & 0xff));

/** What a file of that size consists of. */
export function* mediaChunks(sizeBytes: number, first = 0): Generator<Buffer> {
  for (let at = first; at < sizeBytes;) {
    const from = at % BLOCK.length;
    const chunk = BLOCK.subarray(from, Math.min(BLOCK.length, from + Math.min(CHUNK_BYTES, sizeBytes - at)));
    yield chunk;
    at += chunk.length;
  }
}

/** Hex, of the bytes `first` to `end` (exclusive) of any file that is longer. */
export function mediaSha256(end: number, first = 0): string {
  const hash = createHash('sha256');
  for (const chunk of mediaChunks(end, first)) hash.update(chunk);
  return hash.digest('hex');
}

/** The media id has the first digits of the body's SHA-256 in it, so that it shows what was taken. */
export function uploadAnswer({ query, headers, bodyBytes, sha256 }: WecomCall): ApiAnswer {
  const { type = '' } = query;
  if (!UPLOAD_TYPES.includes(type)) return refusal(40004);
  if (!/^multipart\/form-data;.*boundary=/.test(headers['content-type'] ?? '') || bodyBytes === 0) {
    return refusal(41005);
  }
  return ok({ type, media_id: `media-${sha256?.slice(0, 16)}`, created_at: '1380000000' });
}

export function sendMedia(response: ServerResponse, requested: IncomingHttpHeaders, media: Media): void {
  const { sizeBytes, contentType, fileName } = media;
  const { status, headers, range } = rangedHead(requested.range, sizeBytes);
  if (range === null) return void response.writeHead(status, headers).end();
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Disposition': `attachment; filename="${fileName}"`,
    ...headers,
  });
  // A caller that breaks off is no error here.
  pipeline(Readable.from(mediaChunks(range.last + 1, range.first)), response, () => undefined);
}
