/** What one body may take when the budget is used up, or its address is refused: a callback of WeCom has less than 10 kB. */
export const BYTES_FREE = 16_384;
/** What Node keeps for each chunk of a body, counted too, since a caller may send byte by byte. */
export const PIECE_BYTES = 256;
/** The share of the total that bodies from one address may take. */
const SHARE_OF_ADDRESS = 1 / 8;

/**
 * Counts the memory of bodies while they are read, and of what waits in a stream, either way: in total, and per address. Short
 * bodies need no address.
 */
export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #ofAddress = new Map<string, number>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  hold(bytes: number, address: string | null): void {
    this.#bytes += bytes;
    if (address !== null) this.assign(bytes, address);
  }

  /** Assigns memory that is held already to an address. */
  assign(bytes: number, address: string): void {
    const held = (this.#ofAddress.get(address) ?? 0) + bytes;
    if (held > 0) this.#ofAddress.set(address, held);
    else this.#ofAddress.delete(address);
  }

  free(bytes: number, address: string | null): void {
    this.hold(-bytes, address);
  }

  /** @param ahead bytes that will be held in addition. */
  isSpent(address: string, ahead = 0): boolean {
    const ofAddress = (this.#ofAddress.get(address) ?? 0) + ahead;
    return this.#bytes + ahead > this.#bytesMax || ofAddress > this.#bytesMax * SHARE_OF_ADDRESS;
  }
}

/** What one connection takes of the budget for as long as it lasts. */
export class Holding {
  #bytes = 0;
  #hasEnded = false;

  constructor(
    private readonly budget: BodyBudget,
    private readonly address: string,
  ) {}

  hold(bytes: number): void {
    if (this.#hasEnded) return;
    this.#bytes += bytes;
    this.budget.hold(bytes, this.address);
  }

  free(bytes: number): void {
    this.hold(-bytes);
  }

  /** @param ahead bytes that will be held in addition. */
  isSpent(ahead = 0): boolean {
    return this.budget.isSpent(this.address, ahead);
  }

  /** Gives everything back; nothing is counted after it. */
  end(): void {
    this.free(this.#bytes);
    this.#hasEnded = true;
  }
}
