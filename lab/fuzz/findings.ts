/** What was found, with what is needed to see it again; the same thing is told a few times and then counted. */
import type { Finding } from './batch.js';

const TOLD_MAX = 3;
const BASE64_MAX = 4_000;

export class Findings {
  count = 0;
  readonly #told = new Map<string, number>();

  constructor(
    private readonly seed: number,
    private readonly say: (line: string) => void,
  ) {}

  /** Counts it. @returns whether it is to be told. */
  isNew(name: string): boolean {
    this.count++;
    const told = (this.#told.get(name) ?? 0) + 1;
    this.#told.set(name, told);
    return told <= TOLD_MAX;
  }

  /** @param again with which options it is sent again. */
  ofInput(again: string, { input, what }: Finding): void {
    const base64 = Buffer.concat(input.parts).toString('base64');
    const cut =
      base64.length > BASE64_MAX ? `${base64.slice(0, BASE64_MAX)}… (${base64.length} letters)` : base64;
    this.say(`FOUND ${input.kind}, ${input.shape}: ${what}\n  again: ${again}\n  shrunk: ${cut}`);
  }

  /** Of what no single input can be named for. @param where which inputs came before. */
  ofRun(store: string, where: string, found: readonly string[]): void {
    for (const what of found) {
      if (this.isNew(what.replace(/[\d.-]+/g, '0').slice(0, 80)))
        this.say(`FOUND (${store}) ${where}, seed ${this.seed}: ${what.slice(0, 2_000)}`);
    }
  }
}
