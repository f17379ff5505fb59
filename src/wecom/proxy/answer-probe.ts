import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { readAnswer, type WecomAnswer } from '../client/wecom-answer.js';
import type { AnswerHead } from './caller-answer.js';
import { headerOf } from './proxy-headers.js';

/** WeCom's answer to a failed call has some 200 bytes. */
const PROBED_BYTES_MAX = 4_096;
const UNPACKED_BYTES_MAX = 65_536;

/** How WeCom begins an answer when all went well. */
const ALL_WELL = Buffer.from('{"errcode":0,');
const WELL: WecomAnswer = { errcode: 0, errmsg: '' };

const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  '': (bytes) => bytes,
  identity: (bytes) => bytes,
  gzip: (bytes) => gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }),
  deflate: (bytes) => inflateSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }),
  br: (bytes) => brotliDecompressSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX }),
};

/** Reads errcode and errmsg of a short JSON answer. Such an answer is held back until it is whole: one write is cheaper than several. */
export class AnswerProbe {
  #encoding: string | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isHolding = false;

  /** @param holds whether to hold back answers of unknown length too, until they are whole or too long. */
  constructor(private readonly holds: boolean) {}

  /** @returns whether the answer is held back. */
  begin({ status, headers }: AnswerHead): boolean {
    const isJson = /^(?:application\/json|text\/plain)\b/i.test(headerOf(headers, 'content-type'));
    const length = headerOf(headers, 'content-length');
    if (status !== 200 || !isJson || Number(length) > PROBED_BYTES_MAX) return false;
    this.#encoding = headerOf(headers, 'content-encoding').toLowerCase();
    this.#isHolding = this.holds || length !== '';
    return this.#isHolding;
  }

  /** @returns whether the chunk is held back; if not, pass it on after what `release` returns. */
  add(chunk: Buffer): boolean {
    if (this.#encoding === null) return false;
    this.#bytes += chunk.length;
    if (this.#bytes > PROBED_BYTES_MAX) {
      this.#encoding = null;
      return false;
    }
    this.#chunks.push(chunk);
    return this.#isHolding;
  }

  /** Returns what was held back, once. */
  release(): readonly Buffer[] {
    const held = this.#isHolding ? this.#chunks : [];
    this.#isHolding = false;
    if (this.#encoding === null) this.#chunks = [];
    return held;
  }

  /** Call it when the answer is whole. @returns `null` when the answer has no errcode, or is too long to be an error. */
  answer(): WecomAnswer | null {
    return this.#encoding === null ? null : this.#read(this.#encoding);
  }

  #read(encoding: string): WecomAnswer | null {
    // Most answers begin like this, and to compare is cheaper than to parse.
    if (this.#chunks[0]?.subarray(0, ALL_WELL.length).equals(ALL_WELL)) return WELL;
    try {
      const bytes = UNPACK[encoding]?.(Buffer.concat(this.#chunks));
      return bytes === undefined ? null : readAnswer(bytes.toString('utf8'));
    } catch {
      return null;
    }
  }
}
