/** Whether the process is on its way out. Set once, by the signal; read by health. */
export class Lifecycle {
  #isDraining = false;

  get isDraining(): boolean {
    return this.#isDraining;
  }

  beginDrain(): void {
    this.#isDraining = true;
  }
}
