import type { Dispatcher as Undici } from 'undici';
import { PuppetExchange } from './attempt.js';

const SHOWN_BYTES_MAX = 1_024;

/** What a puppet answered, for a person to look at. */
export interface ShownAnswer {
  readonly status: number;
  /** The first 1 kB of its body. */
  readonly body: string;
}

/** An exchange whose answer is kept from its beginning, and not only read to free the connection. */
export class ShownExchange extends PuppetExchange {
  readonly #isOver = Promise.withResolvers<void>();
  #status: number | null = null;
  #body = Buffer.alloc(0);

  /** Once `result` has settled: what came until the puppet ended its answer, or was given up. @returns `null` where no status came. */
  async whenAnswered(): Promise<ShownAnswer | null> {
    if (this.#status === null) return null;
    await this.#isOver.promise;
    // A character that was cut through is left out.
    const body = new TextDecoder().decode(this.#body, { stream: true });
    return { status: this.#status, body };
  }

  override onResponseStart(controller: Undici.DispatchController, status: number): void {
    if (status >= 200) this.#status = status;
    super.onResponseStart(controller, status);
  }

  override onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    const room = SHOWN_BYTES_MAX - this.#body.length;
    if (room > 0) this.#body = Buffer.concat([this.#body, chunk.subarray(0, room)]);
    super.onResponseData(controller, chunk);
  }

  override onResponseEnd(): void {
    super.onResponseEnd();
    this.#isOver.resolve();
  }

  /** With a status it is for good: nothing is sent again then. */
  override onResponseError(controller: Undici.DispatchController, error: Error & { code?: string }): void {
    super.onResponseError(controller, error);
    if (this.#status !== null) this.#isOver.resolve();
  }
}
