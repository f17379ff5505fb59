import { Injectable } from '@nestjs/common';

/** A bot that calls with its key, as far as HTTP has to know it. */
export interface CallingBot {
  readonly id: string;
  readonly corpId: string;
}

/** The bots, by their keys. */
export abstract class BotDirectory {
  abstract find(key: string): CallingBot | null;
  /**
   * Reads the store for a key that `find` does not know: another replica may have made the key a moment ago. Fails while no keys
   * were read yet.
   * @throws AppError `STORE_UNAVAILABLE`, `REGISTRY_NOT_LOADED`
   */
  abstract lookUp(key: string): Promise<CallingBot | null>;
}

/** Finds whose key a caller sent. */
@Injectable()
export class BotKeys {
  constructor(private readonly directory: BotDirectory) {}

  /** Takes the same time for every key: it looks up the hash. `''` is no bot's key. */
  find(key: string): CallingBot | null {
    return key === '' ? null : this.directory.find(key);
  }

  /**
   * Call it before a caller is told that its key is wrong. A known key is found at once; for another one the store is read.
   * @throws AppError `STORE_UNAVAILABLE`, `REGISTRY_NOT_LOADED` while the key may still be right
   */
  async findOrLookUp(key: string): Promise<CallingBot | null> {
    return this.find(key) ?? (key === '' ? null : this.directory.lookUp(key));
  }
}
