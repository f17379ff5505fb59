/**
 * The file of the delivery log. It is not synced, so that it costs the disk nothing: after a power failure, or when something
 * changed it from outside, nobody can say whether it is in order, and LMDB ends the process at a damaged page. Then it is made
 * anew. The end of the process alone does not harm it.
 */
import { closeSync, openSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { errorCodeOf } from '../../kernel/error-code.js';
import type { Log } from '../../kernel/log.js';
import { MESSAGE_ROOM_BYTES, ROOM_BYTES } from './data-dir.js';
import { GROUP_VERSION } from './record-group.js';

const FILE_MODE = 0o600;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** So much of the disk is left to others. */
const FREE_SHARE_MIN = 0.1;
const DATABASES_MAX = 2;

/** Says by which version and since which start of the machine the file is in use, and how it was closed. */
interface Marker {
  readonly version: number;
  /** `null` where the system does not tell. */
  readonly bootId: string | null;
  /** The file's state when it was closed and on the disk; absent while it is open. */
  readonly closed?: { readonly bytes: number; readonly mtimeMs: number };
}

export class LogFile {
  readonly path: string;
  readonly #folder: string;
  readonly #markerFile: string;

  /** @param bytesMax of one that is larger a new one is made. */
  constructor(
    folder: string,
    private readonly bytesMax: number,
    private readonly log: Log,
  ) {
    this.#folder = resolve(folder);
    this.path = join(this.#folder, 'deliveries.mdb');
    this.#markerFile = join(this.#folder, 'deliveries.json');
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** Whether the log may take more of the disk, of which it leaves to others what new messages need at least. */
  mayGrow(): boolean {
    const { bavail, blocks, bsize } = statfsSync(this.#folder);
    return bavail * bsize >= MESSAGE_ROOM_BYTES && bavail >= blocks * FREE_SHARE_MIN;
  }

  /** Whether anything may be written at all. */
  hasRoom(): boolean {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize >= ROOM_BYTES;
  }

  /** @throws Error where it cannot be made either. */
  open(): RootDatabase {
    const fault = this.#findFault();
    if (fault !== null) this.#remove(fault);
    try {
      return this.#open();
    } catch (err) {
      this.#remove(err instanceof Error ? err.message : String(err));
      return this.#open();
    }
  }

  /** Closes it, and puts it on the disk: only then the next start of the machine may trust it. */
  async close(root: RootDatabase): Promise<void> {
    await root.close();
    const file = await openFile(this.path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    const { size, mtimeMs } = statSync(this.path);
    this.#writeMarker({ ...this.#thisStart(), closed: { bytes: size, mtimeMs } });
  }

  #open(): RootDatabase {
    // LMDB uses existing empty files for a new store; files that it creates itself are readable by everybody.
    for (const file of [this.path, `${this.path}-lock`]) closeSync(openSync(file, 'a', FILE_MODE));
    const root = open({
      path: this.path,
      noSubdir: true,
      maxDbs: DATABASES_MAX,
      noSync: true,
      // Not compressed: with its LZ4, lmdb 3.5.6 ended a process under load by SIGSEGV within a minute.
      // Batching keeps a promise that nobody can catch, so a full disk would end the process.
      eventTurnBatching: false,
    });
    this.#writeMarker(this.#thisStart());
    return root;
  }

  /** @returns why it cannot be trusted; `null` where it can, or where there is none yet. */
  #findFault(): string | null {
    const file = statSync(this.path, { throwIfNoEntry: false });
    const marker = this.#readMarker();
    if (marker === null) return file === undefined ? null : 'nothing says how it was left';
    if (file === undefined || file.size === 0) return 'its file is missing or empty';
    if (file.size > this.bytesMax) return 'it is larger than DELIVERY_LOG_MAX_BYTES';
    const { version, bootId } = this.#thisStart();
    if (marker.version !== version) return 'another version wrote it';
    const { closed } = marker;
    if (closed !== undefined)
      return closed.bytes === file.size && closed.mtimeMs === file.mtimeMs ? null : 'it was changed';
    return bootId !== null && marker.bootId === bootId
      ? null
      : 'the machine may have stopped while it was open';
  }

  #remove(reason: string): void {
    this.log.warn({ reason }, 'deliverylog.remade');
    for (const file of [this.path, `${this.path}-lock`, this.#markerFile]) rmSync(file, { force: true });
  }

  #thisStart(): Marker {
    return { version: GROUP_VERSION, bootId: readBootId() };
  }

  #readMarker(): Marker | null {
    try {
      return JSON.parse(readFileSync(this.#markerFile, 'utf8'));
    } catch (error) {
      // One that cannot be read is of no version.
      return errorCodeOf(error) === 'ENOENT' ? null : { version: 0, bootId: null };
    }
  }

  #writeMarker(marker: Marker): void {
    writeFileSync(this.#markerFile, `${JSON.stringify(marker)}\n`, { mode: FILE_MODE });
  }
}

function readBootId(): string | null {
  try {
    return readFileSync(BOOT_ID, 'utf8').trim();
  } catch {
    return null;
  }
}
