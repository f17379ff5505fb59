/** What the bodies from one address may take of what is for all. */
const SHARE_OF_ADDRESS = 1 / 8;

/** What bodies take while they are read: in all, and by address those that have one, which short ones need not. */
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

  /** Of what is held already. */
  assign(bytes: number, address: string): void {
    const held = (this.#ofAddress.get(address) ?? 0) + bytes;
    if (held > 0) this.#ofAddress.set(address, held);
    else this.#ofAddress.delete(address);
  }

  free(bytes: number, address: string | null): void {
    this.hold(-bytes, address);
  }

  /** @param ahead what will be held besides what is held now. */
  isSpent(address: string, ahead = 0): boolean {
    const ofAddress = (this.#ofAddress.get(address) ?? 0) + ahead;
    return this.#bytes + ahead > this.#bytesMax || ofAddress > this.#bytesMax * SHARE_OF_ADDRESS;
  }
}
