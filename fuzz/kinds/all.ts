/** Which input comes at which index. */
import { Draw } from '../draw.js';
import type { Input, Kind } from '../input.js';
import type { Stage } from '../stage.js';
import { cipher } from './ciphers.js';
import { envelope } from './envelopes.js';
import { jsonBody } from './json-bodies.js';
import { rawHttp } from './raw-http.js';
import { slow } from './slow.js';
import { url } from './urls.js';

/** Those that take no longer than their answer; `slow` ones wait beside them. */
export type QuickKind = Exclude<Kind, 'slow'>;

const MAKERS: Readonly<Record<QuickKind, (draw: Draw, stage: Stage) => Input>> = {
  envelope,
  cipher,
  json: jsonBody,
  url,
  raw: rawHttp,
};
/** How they take turns. */
const TURNS = ['envelope', 'cipher', 'json', 'url', 'envelope', 'cipher', 'json', 'raw'] as const;
/** Far from the indexes of the others. */
const SLOW_FROM = 1_000_000_000;

export class Inputs {
  constructor(
    private readonly seed: number,
    private readonly only: Kind | null,
    private readonly isLong: boolean,
  ) {}

  at(index: number, stage: Stage): Input {
    const draw = new Draw(this.seed, index);
    if (index >= SLOW_FROM) return slow(draw, this.isLong);
    const turn = TURNS[index % TURNS.length] ?? 'raw';
    const kind = this.only === null || this.only === 'slow' ? turn : this.only;
    return MAKERS[kind](draw, stage);
  }

  /** The index of the `number`th slow one. */
  slowAt(number: number): number {
    return SLOW_FROM + number;
  }
}
