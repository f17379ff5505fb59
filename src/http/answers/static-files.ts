import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { Turns } from '../../kernel/turns.js';

/** For a file whose name changes with its content. */
export const KEPT_FOR_A_YEAR = 'public, max-age=31536000, immutable';
/** Cached, and revalidated each time. */
export const KEPT_IF_UNCHANGED = 'no-cache';

/** The suffixes of compressed copies that a build adds, by encoding, smallest first. */
const SUFFIXES = { br: '.br', gzip: '.gz' } as const;
type Encoding = keyof typeof SUFFIXES;
const ENCODINGS = Object.keys(SUFFIXES) as Encoding[];

interface Found {
  /** 200 or 304. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Headers of a request that may be answered 304 or 412. */
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'] as const;

const NOTHING = Buffer.alloc(0);
/** Bytes of one write. The kernel copies a megabyte in the time of several callbacks, and callbacks wait for that. */
const PIECE_BYTES = 65_536;
/** Pieces of all files in one turn of the event loop. Callbacks wait for them: some tenths of a millisecond. */
const PIECES_PER_TURN = 4;

const turns = new Turns(PIECES_PER_TURN);

/**
 * Serves the files of one folder, and nothing outside it. The files must not change. Each file is looked up and read once and
 * then sent from memory. So a client that sends requests without reading the answers holds no memory and no open file.
 */
export class StaticFiles {
  readonly #bytes = new Map<string, Promise<Buffer>>();
  /** Answers to requests without conditions, by the name of the file in the folder. */
  readonly #whole = new Map<string, Found>();

  /** @param folder absolute. A file may have a compressed copy beside it, `.br` or `.gz`, which is sent in its place. */
  constructor(private readonly folder: string) {}

  /**
   * @param path below the folder, its percent-encoding taken off.
   * @param cacheControl the header for a file that exists.
   * @throws AppError `ROUTE_NOT_FOUND` when the folder has no such file.
   */
  async answer(
    path: string,
    cacheControl: string,
    { raw }: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const encoding = negotiate(raw.headers['accept-encoding'] ?? '', ENCODINGS);
    const encoded = encoding === null ? null : await this.#find(path, encoding, raw);
    const found = encoded ?? (await this.#find(path, null, raw));
    if (found === null) throw new AppError('ROUTE_NOT_FOUND');
    const { status, headers, bytes } = found;
    reply.code(status).headers({ ...headers, 'cache-control': cacheControl, vary: 'Accept-Encoding' });
    // For HEAD, Fastify would read all pieces as quickly as it can and send none of them.
    const isSent = raw.method !== 'HEAD';
    reply.send(isSent && bytes.length > PIECE_BYTES ? Readable.from(piecesOf(bytes)) : bytes);
  }

  #read(path: string): Promise<Buffer> {
    const known = this.#bytes.get(path);
    if (known !== undefined) return known;
    const reading = readFile(path);
    this.#bytes.set(path, reading);
    // After a failure, the next request reads the file again.
    reading.catch(() => this.#bytes.delete(path));
    return reading;
  }

  async #find(path: string, encoding: Encoding | null, raw: FastifyRequest['raw']): Promise<Found | null> {
    const name = encoding === null ? path : path + SUFFIXES[encoding];
    const whole = this.#whole.get(name);
    if (whole !== undefined && !isConditional(raw)) return whole;
    const { send, mime, isUtf8MimeType } = await import('@fastify/send');
    const options = { root: this.folder, index: false, acceptRanges: false, cacheControl: false };
    // Always asks with HEAD: with GET, @fastify/send opens the file each time.
    const asked = { method: 'HEAD', headers: raw.headers } as typeof raw;
    const sent = await send(asked, encodeURI(name), { ...options, contentType: false });
    if (sent.type !== 'file') return null;
    const { statusCode: status, metadata } = sent;
    if (status === 304) return { status, headers: sent.headers, bytes: NOTHING };
    const mediaType = mime.getType(path) ?? 'application/octet-stream';
    const headers = {
      ...sent.headers,
      'content-type': isUtf8MimeType(mediaType) ? `${mediaType}; charset=utf-8` : mediaType,
      ...(encoding !== null && { 'content-encoding': encoding }),
    };
    const found = { status, headers, bytes: await this.#read(metadata.path) };
    // Only one name of each file is remembered. Another spelling of the name is looked up each time.
    if (metadata.path === join(this.folder, name) && !isConditional(raw)) this.#whole.set(name, found);
    return found;
  }
}

function isConditional({ headers }: FastifyRequest['raw']): boolean {
  return CONDITIONS.some((name) => headers[name] !== undefined);
}

/** Pieces of the bytes, not copied. The next piece is asked for when the connection takes more. */
async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await turns.next();
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}
