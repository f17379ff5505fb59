/**
 * How the delivery log is written in DATA_DIR. An open segment is text: a line that says its version, then a line for each
 * record, a JSON list without field names. A sealed one is that text as one frame of Zstandard, behind a frame that Zstandard
 * skips and that says which ids and outcomes it may have; so `zstdcat` reads it.
 */
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdDecompress } from 'node:zlib';
import {
  type DeliveryRecord,
  isRow,
  type LoggedRecord,
  type OnlyAttempt,
} from '../../record/delivery-record.js';
import type { RecordFilter } from '../../record/delivery-log.js';
import { mayHave, TermSet } from './term-set.js';
import { roundMs } from '../../kernel/round-ms.js';

/** Says which fields follow in which order: of another version nothing is read. */
const VERSION = 1;
/** The first of the 16 magic numbers of frames to skip: RFC 8878, section 3.1.2. */
const SKIPPED_FRAME = 0x184d2a50;
/** Of a frame to skip: the magic number, and the length of what follows. */
export const HEAD_BYTES = 8;
/** More than a set of terms ever has: what says more is no segment. */
const TERMS_BYTES_MAX = 65_536;
/** The fastest: more saves some tenths of the bytes and takes several times as long. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const decompress = promisify(zstdDecompress);

type ListedAttempt = readonly [form: OnlyAttempt['form'], endpoint: string | null, durationMs: number];

type Line = readonly [
  id: string,
  kind: DeliveryRecord['kind'],
  atMs: number,
  corpId: string | null,
  openKfId: string | null,
  webhookId: string | null,
  outcome: DeliveryRecord['outcome'],
  form: DeliveryRecord['form'],
  occasion: string | null,
  attempt: number,
  endpoint: string | null,
  status: number | null,
  stage: string | null,
  reason: string | null,
  durationMs: number,
  source: string | null,
  /** Only of a callback that has one. */
  onlyAttempt?: ListedAttempt,
];

/** One process writes a segment, which therefore names it once. */
export function firstLine(replica: string): string {
  return `${JSON.stringify({ version: VERSION, replica })}\n`;
}

/** A segment as it is read. */
export interface Text {
  readonly replica: string;
  /** The oldest first; the last one may not be whole. */
  readonly lines: readonly string[];
}

/** @param text of an open segment. @throws Error for what this version has not written. */
export function toText(text: string): Text {
  const [head = '', ...lines] = text.split('\n');
  const { version, replica } = JSON.parse(head);
  if (version !== VERSION || typeof replica !== 'string')
    throw new Error('another version wrote this segment');
  return { replica, lines };
}

export function toLine(record: LoggedRecord): string {
  const { id, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt } = record;
  const { endpoint, status, stage, reason, source, onlyAttempt } = record;
  const durationMs = roundMs(record.durationMs);
  const line: (Line[number] | ListedAttempt)[] = [
    id,
    kind,
    atMs,
    corpId,
    openKfId,
    webhookId,
    outcome,
    form,
    occasion,
    attempt,
    endpoint,
    status,
    stage,
    reason,
    durationMs,
    source,
  ];
  if (onlyAttempt !== null) line.push(toList(onlyAttempt));
  return `${JSON.stringify(line)}\n`;
}

function toList({ form, endpoint, durationMs }: OnlyAttempt): ListedAttempt {
  return [form, endpoint, roundMs(durationMs)];
}

/** @returns `null` for a line that was not written as a whole. */
export function fromLine(text: string, replica: string): LoggedRecord | null {
  let line: Line;
  try {
    line = JSON.parse(text);
  } catch {
    return null;
  }
  const [id, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt, ...more] = line;
  const [endpoint, status, stage, reason, durationMs, source, listed] = more;
  const onlyAttempt = listed === undefined ? null : fromList(listed);
  return {
    ...{ id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt },
    ...{ endpoint, status, stage, reason, durationMs, source, onlyAttempt },
  };
}

function fromList([form, endpoint, durationMs]: ListedAttempt): OnlyAttempt {
  return { form, endpoint, durationMs };
}

/** What a search asks a segment for. */
export function addTerms(set: TermSet, record: LoggedRecord): void {
  const { corpId, openKfId, webhookId, outcome } = record;
  if (corpId !== null) set.add(corpId);
  if (openKfId !== null) set.add(openKfId);
  if (webhookId !== null) set.add(webhookId);
  if (isRow(record)) set.add(termOf(outcome));
}

/** @returns a test of a line that most lines fail, and that takes a tenth of the time that it takes to read the line. */
export function lineTest({
  corpId,
  openKfId,
  webhookId,
  outcome,
  words,
}: RecordFilter): (line: string) => boolean {
  const all = [corpId, openKfId, webhookId, outcome].filter((text) => text !== null).map(inLine);
  const any = words === null ? null : [words.id, ...words.openKfIds].map(inLine);
  return (line) =>
    all.every((text) => line.includes(text)) && (any === null || any.some((text) => line.includes(text)));
}

function inLine(text: string): string {
  return JSON.stringify(text);
}

/** Whether a segment with these terms may have what is looked for. */
export function mayMatch(
  terms: Uint8Array,
  { corpId, openKfId, webhookId, outcome, words }: RecordFilter,
): boolean {
  const wanted = [corpId, openKfId, webhookId, outcome === null ? null : termOf(outcome)];
  if (wanted.some((term) => term !== null && !mayHave(terms, term))) return false;
  return words === null || [words.id, ...words.openKfIds].some((term) => mayHave(terms, term));
}

function termOf(outcome: string): string {
  return `outcome ${outcome}`;
}

/**
 * The frame of a segment, made while its text grows: to compress 4 MB at once held up callbacks for 50 ms, and the memory for it
 * made V8 collect all garbage.
 */
export class SegmentFrame {
  readonly #zstd = createZstdCompress(COMPRESSION);
  readonly #parts: Buffer[] = [];
  readonly #finished = finished(this.#zstd);

  constructor() {
    this.#zstd.on('data', (part: Buffer) => this.#parts.push(part));
    // Whoever adds or ends is told.
    this.#finished.catch(() => {});
  }

  /** @throws Error after which it must not be used. */
  add(text: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#zstd.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** @returns the segment as it is sealed. @throws Error */
  async seal(terms: Uint8Array): Promise<Buffer> {
    this.#zstd.end();
    await this.#finished;
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(SKIPPED_FRAME, 0);
    head.writeUInt32LE(terms.length, 4);
    return Buffer.concat([head, terms, ...this.#parts]);
  }

  /** Of a segment that is not sealed now. */
  discard(): void {
    this.#zstd.destroy();
  }
}

/** @param head the first `HEAD_BYTES` of a sealed segment. @returns how long its terms are. @throws Error */
export function termsBytes(head: Buffer): number {
  if (head.length < HEAD_BYTES || head.readUInt32LE(0) !== SKIPPED_FRAME)
    throw new Error('this is no sealed segment');
  const bytes = head.readUInt32LE(4);
  if (bytes > TERMS_BYTES_MAX) throw new Error('this is no sealed segment');
  return bytes;
}

/** @throws Error for what is no sealed segment. */
export async function fromSealed(sealed: Buffer): Promise<string> {
  const text = await decompress(sealed.subarray(HEAD_BYTES + termsBytes(sealed)));
  return text.toString();
}
