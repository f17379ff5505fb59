/** A bot that calls with its key, as far as HTTP has to know it. */
export interface CallingBot {
  readonly id: string;
  readonly corpId: string;
}

/** Finds whose key a caller sent. The bots are known once the application is made, which is after the HTTP server. */
export class BotKeys {
  #find: (key: string) => CallingBot | null = () => null;

  use(find: (key: string) => CallingBot | null): void {
    this.#find = find;
  }

  /** Takes the same time for every key: it looks up the hash. `''` is nobody's. */
  find(key: string): CallingBot | null {
    return key === '' ? null : this.#find(key);
  }
}
