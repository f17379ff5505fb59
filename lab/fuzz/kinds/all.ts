/** Which inputs come when. */
import fc from 'fast-check';
import type { Draw } from '../draw.js';
import type { Input, Kind } from '../input.js';
import type { Stage } from '../stage.js';
import { rawHttp } from './raw-http.js';
import { slowAnywhere, slowHead } from './slow.js';
import { url } from './urls.js';

type Maker = (draw: Draw, stage: Stage) => Input;

const MAKERS: Readonly<Record<Exclude<Kind, 'slow'>, Maker>> = {
  url,
  raw: rawHttp,
};

export function makerOf(kind: Kind, isShort: boolean): Maker {
  if (kind !== 'slow') return MAKERS[kind];
  return isShort ? slowHead : slowAnywhere;
}

/** Inputs of one kind that one check of fast-check sends, one after the other. */
export interface Batch {
  readonly kind: Kind;
  /** Of fast-check. */
  readonly seed: number;
  /** Of fast-check: where in the batch it begins. */
  readonly path?: string;
  readonly count: number;
}

const BATCH = 10;
/** How they take turns. */
const TURNS = ['url', 'raw'] as const;

/** @param only one kind, or all but `slow`. */
export function batchesOf(seed: number, only: Kind | null, inputs: number): Batch[] {
  return seedsOf(seed, Math.ceil(inputs / BATCH)).map((batchSeed, index) => ({
    kind: only ?? TURNS[index % TURNS.length] ?? 'raw',
    seed: batchSeed,
    count: Math.min(BATCH, inputs - index * BATCH),
  }));
}

/** One by one, since they are sent at the same time. */
export function slowBatchesOf(seed: number, count: number): Batch[] {
  return seedsOf(~seed, count).map((batchSeed) => ({ kind: 'slow', seed: batchSeed, count: 1 }));
}

function seedsOf(seed: number, count: number): number[] {
  return count === 0 ? [] : fc.sample(fc.noBias(fc.nat()), { seed, numRuns: count });
}
