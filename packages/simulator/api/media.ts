import type { ServerResponse } from 'node:http';
import type { Corp } from '../corp/corp.js';
import { type ApiAnswer, ok, Refused } from './answers.js';
import type { ApiCall } from './api-call.js';
import { rangedHead } from './byte-range.js';
import { isMediaType, requireMedia } from './media-rules.js';
import { findFormFile } from './multipart.js';

/** media/upload, 90253. `created_at` is a text there. @throws Refused */
export function uploadMedia({ query, headers, body }: ApiCall, corp: Corp): ApiAnswer {
  const { type = '' } = query;
  if (!isMediaType(type)) throw new Refused(40005);
  const file = findFormFile(body, headers['content-type'] ?? '', 'media');
  if (file === null) throw new Refused(41005);
  requireMedia(type, file.bytes);
  const media_id = corp.media.add({ ...file, type, storedAtMs: corp.nowMs });
  return ok({ type, media_id, created_at: String(Math.floor(corp.nowMs / 1_000)) });
}

/** media/get, 90254: the bytes, or a part of them. @throws Refused for an id that is not (any more) there. */
export function sendStoredMedia(
  response: ServerResponse,
  corp: Corp,
  mediaId: string,
  rangeHeader?: string,
): void {
  const media = corp.media.find(mediaId, corp.nowMs);
  if (media === null) throw new Refused(40007);
  const { status, headers, range } = rangedHead(rangeHeader, media.bytes.length);
  if (range === null) return void response.writeHead(status, headers).end();
  const name = encodeURIComponent(media.fileName);
  response.writeHead(status, {
    'Content-Type': media.contentType,
    'Content-Disposition': `attachment; filename="${name}"; filename*=utf-8''${name}`,
    ...headers,
  });
  response.end(media.bytes.subarray(range.first, range.last + 1));
}
