/** What may be uploaded, 上传临时素材 (90253); of customers' files the same (94670). */
import type { MediaType } from '../corp/media-store.js';
import { Refused } from './answers.js';

interface Rule {
  readonly bytesMax: number;
  readonly tooLargeErrcode: number;
  /** Whether the bytes begin as such a file does. */
  readonly fits: (bytes: Buffer) => boolean;
}

const MB = 1_048_576;
/** All files have more. */
const BYTES_MIN = 5;

const begins = (bytes: Buffer, ...signature: number[]) =>
  bytes.subarray(0, signature.length).equals(Buffer.from(signature));

const RULES: Readonly<Record<MediaType, Rule>> = {
  image: {
    bytesMax: 10 * MB,
    tooLargeErrcode: 40009,
    fits: (bytes) => begins(bytes, 0xff, 0xd8, 0xff) || begins(bytes, 0x89, 0x50, 0x4e, 0x47),
  },
  voice: {
    bytesMax: 2 * MB,
    tooLargeErrcode: 40006,
    fits: (bytes) => bytes.toString('latin1', 0, 5) === '#!AMR',
  },
  video: {
    bytesMax: 10 * MB,
    tooLargeErrcode: 40011,
    fits: (bytes) => bytes.toString('latin1', 4, 8) === 'ftyp',
  },
  file: { bytesMax: 20 * MB, tooLargeErrcode: 40006, fits: () => true },
};

export function isMediaType(type: string): type is MediaType {
  return Object.hasOwn(RULES, type);
}

/** @throws Refused when WeCom would not take such a file. */
export function requireMedia(type: MediaType, bytes: Buffer): void {
  const { bytesMax, tooLargeErrcode, fits } = RULES[type];
  if (bytes.length <= BYTES_MIN) throw new Refused(40006);
  if (bytes.length > bytesMax) throw new Refused(tooLargeErrcode);
  if (!fits(bytes)) throw new Refused(40004);
}
