import { randomText } from '../random-text.js';

/** image, voice, video, file. */
export type MediaType = 'image' | 'voice' | 'video' | 'file';

export interface StoredMedia {
  readonly type: MediaType;
  readonly fileName: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly storedAtMs: number;
}

const KEPT_MS = 3 * 86_400_000;

/** Temporary files of the corp, from bots and from customers alike; each is there for three days (90253). */
export class MediaStore {
  readonly #media = new Map<string, StoredMedia>();

  add(media: StoredMedia): string {
    for (const [id, { storedAtMs }] of this.#media) {
      if (media.storedAtMs - storedAtMs >= KEPT_MS) this.#media.delete(id);
    }
    const id = randomText(44);
    this.#media.set(id, media);
    return id;
  }

  /** @returns `null` for one that never was, or whose time is over. */
  find(mediaId: string, nowMs: number): StoredMedia | null {
    const media = this.#media.get(mediaId);
    return media !== undefined && nowMs - media.storedAtMs < KEPT_MS ? media : null;
  }
}
