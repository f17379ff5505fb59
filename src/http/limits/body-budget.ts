/** Bytes that one body may take even when the budget is used up or its address is refused. A callback has less than 10 kB. */
export const BYTES_FREE = 16_384;
/** Memory that Node needs for each chunk of a body. It is counted too, since a caller may send byte by byte. */
export const PIECE_BYTES = 256;
/** The share of the total that bodies from one address, or the streams of one bot, may take. */
const SHARE = 1 / 8;

/**
 * Counts the memory of bodies while they are read, and of data that waits in a stream, in both directions. It counts in total
 * and for each caller: an address, or a bot with its streams. Short bodies need no caller.
 */
export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #ofCaller = new Map<string, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  hold(bytes: number, caller: string | null): void {
    this.#bytes += bytes;
    if (caller !== null) this.assign(bytes, caller);
  }

  /** Assigns memory that is held already to a caller. */
  assign(bytes: number, caller: string): void {
    const held = (this.#ofCaller.get(caller) ?? 0) + bytes;
    if (held > 0) this.#ofCaller.set(caller, held);
    else this.#ofCaller.delete(caller);
  }

  free(bytes: number, caller: string | null): void {
    this.hold(-bytes, caller);
  }

  /** @param ahead bytes that will be held in addition. */
  isSpent(caller: string, ahead = 0): boolean {
    const ofCaller = (this.#ofCaller.get(caller) ?? 0) + ahead;
    return this.#bytes + ahead > this.#bytesMax || ofCaller > this.#bytesMax * SHARE;
  }
}

/** The part of the budget that one connection holds while it lasts. */
export class BudgetShare {
  #bytes = 0;
  #hasEnded = false;

  constructor(
    private readonly budget: BodyBudget,
    private readonly caller: string,
  ) {}

  hold(bytes: number): void {
    if (this.#hasEnded) return;
    this.#bytes += bytes;
    this.budget.hold(bytes, this.caller);
  }

  free(bytes: number): void {
    this.hold(-bytes);
  }

  /** @param ahead bytes that will be held in addition. */
  isSpent(ahead = 0): boolean {
    return this.budget.isSpent(this.caller, ahead);
  }

  /** Gives everything back; nothing is counted after it. */
  end(): void {
    this.free(this.#bytes);
    this.#hasEnded = true;
  }
}
