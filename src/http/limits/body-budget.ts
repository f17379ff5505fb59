/** The share of the total that bodies from one address may take. */
const SHARE_OF_ADDRESS = 1 / 8;

/** Counts the memory of bodies while they are read: in total, and per address. Short bodies need no address. */
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
