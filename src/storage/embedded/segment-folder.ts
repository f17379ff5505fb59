/**
 * The files of the delivery log: `DATA_DIR/deliveries/<id of the first record>`, ending in `.jsonl` while it is open and in `.zst`
 * when it is sealed. None is synced, so that the log costs the disk nothing. Whatever a crash leaves is a file that cannot be
 * read or a line that is not whole, which both are passed over.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCodeOf } from '../../kernel/error-code.js';
import { isRecordId } from '../../record/delivery-record.js';
import { MESSAGE_ROOM_BYTES } from './message-room.js';
import { HEAD_BYTES, termsBytes } from './segment-format.js';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const OPEN = '.jsonl';
const SEALED = '.zst';
const HALF_MADE = '.tmp';
/** So much of the disk is left to others. */
const FREE_SHARE_MIN = 0.1;

export interface SegmentName {
  /** The id of its first record, which sorts by time. */
  readonly key: string;
  readonly isSealed: boolean;
}

export interface Segment extends SegmentName {
  readonly bytes: number;
}

export class SegmentFolder {
  readonly #dataDir: string;
  readonly #path: string;

  constructor(dataDir: string) {
    this.#dataDir = resolve(dataDir);
    this.#path = join(this.#dataDir, 'deliveries');
  }

  /** Whether the log may take more of the disk, of which it leaves to others what new messages need at least. */
  async mayGrow(): Promise<boolean> {
    const { bavail, blocks, bsize } = await statfs(this.#dataDir);
    return bavail * bsize >= MESSAGE_ROOM_BYTES && bavail >= blocks * FREE_SHARE_MIN;
  }

  /** Those of earlier processes, the oldest first; what they left half-made is removed. */
  async list(): Promise<Segment[]> {
    const names = new Set(await this.#names());
    const segments: Segment[] = [];
    for (const name of names) {
      const key = name.slice(0, name.indexOf('.'));
      const isSealed = name === `${key}${SEALED}`;
      if (name.endsWith(HALF_MADE) || (name === `${key}${OPEN}` && names.has(`${key}${SEALED}`)))
        await rm(join(this.#path, name), { force: true });
      else if (isRecordId(key) && (isSealed || name === `${key}${OPEN}`))
        segments.push({ key, isSealed, bytes: (await stat(join(this.#path, name))).size });
    }
    return segments.sort(byKey);
  }

  /** Begins an open segment with this text. */
  async create(key: string, head: Buffer): Promise<FileHandle> {
    await mkdir(this.#path, { recursive: true, mode: FOLDER_MODE });
    const handle = await open(this.#fileOf({ key, isSealed: false }), 'w', FILE_MODE);
    try {
      await handle.appendFile(head);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Puts sealed bytes in the place of an open segment. An end at any moment leaves the one or the other. */
  async replace(key: string, sealed: Buffer): Promise<void> {
    const file = this.#fileOf({ key, isSealed: true });
    const whole = `${file}${HALF_MADE}`;
    const handle = await open(whole, 'w', FILE_MODE);
    try {
      await handle.writeFile(sealed);
    } finally {
      await handle.close();
    }
    await rename(whole, file);
    await this.remove({ key, isSealed: false });
  }

  async remove(segment: SegmentName): Promise<void> {
    await rm(this.#fileOf(segment), { force: true });
  }

  /** @returns `null` when it is gone. @throws Error of the file system. */
  read(segment: SegmentName): Promise<Buffer | null> {
    return orNull(() => readFile(this.#fileOf(segment)));
  }

  /** What a sealed segment may have. @returns `null` when it is gone. @throws Error where it cannot be read. */
  readTerms(key: string): Promise<Uint8Array | null> {
    return orNull(async () => {
      const handle = await open(this.#fileOf({ key, isSealed: true }), 'r');
      try {
        const head = await read(handle, 0, HEAD_BYTES);
        return await read(handle, HEAD_BYTES, termsBytes(head));
      } finally {
        await handle.close();
      }
    });
  }

  async #names(): Promise<string[]> {
    return (await orNull(() => readdir(this.#path))) ?? [];
  }

  #fileOf({ key, isSealed }: SegmentName): string {
    return join(this.#path, `${key}${isSealed ? SEALED : OPEN}`);
  }
}

/** The oldest first. */
export function byKey(one: SegmentName, other: SegmentName): number {
  return one.key < other.key ? -1 : 1;
}

async function read(handle: FileHandle, from: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, from);
  return buffer.subarray(0, bytesRead);
}

async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
