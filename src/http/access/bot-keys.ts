import { Injectable } from '@nestjs/common';

/** A bot that calls with its key, as far as HTTP has to know it. */
export interface CallingBot {
  readonly id: string;
  readonly corpId: string;
}

/** Whose key a caller sent. */
export abstract class BotDirectory {
  abstract find(key: string): CallingBot | null;
  /**
   * For a key that `find` does not know: another replica may have made it a moment ago, and this one may not have read any yet.
   * @throws AppError `STORE_UNAVAILABLE`, `REGISTRY_NOT_LOADED`
   */
  abstract lookUp(key: string): Promise<CallingBot | null>;
}

/** Finds whose key a caller sent. */
@Injectable()
export class BotKeys {
  constructor(private readonly directory: BotDirectory) {}

  /** Takes the same time for every key: it looks up the hash. `''` is nobody's. */
  find(key: string): CallingBot | null {
    return key === '' ? null : this.directory.find(key);
  }

  /**
   * Before anybody is told that a key is wrong. @returns at once what is known.
   * @throws AppError `STORE_UNAVAILABLE`, `REGISTRY_NOT_LOADED` while nobody can tell
   */
  async findOrLookUp(key: string): Promise<CallingBot | null> {
    return this.find(key) ?? (key === '' ? null : this.directory.lookUp(key));
  }
}
