/** One check of fast-check: sends the inputs of a batch, and makes smaller what something was found in. */
import fc from 'fast-check';
import { Draw } from './draw.js';
import type { Input } from './input.js';
import type { Batch } from './kinds/all.js';

export interface Finding {
  /** The smallest in which it was found. */
  readonly input: Input;
  readonly what: string;
  /** Where fast-check begins to find it again, and makes it small again by itself. */
  readonly path: string;
}

/** The manager is another after each input, so that more attempts find no smaller one. */
const SHRINKING = { inputs: 200, ms: 10_000 };

/**
 * @param send gives what is wrong with the answers. @param isNew whether a finding of that name is to be told.
 * @returns the first that is, with which the batch ends; `null` for none.
 */
export async function sendBatch(
  { kind, seed, path = '', count }: Batch,
  make: (draw: Draw) => Input,
  send: (input: Input, isShrunk: boolean) => Promise<readonly string[]>,
  isNew: (name: string) => boolean,
): Promise<Finding | null> {
  const found: { input: Input; what: string }[] = [];
  let endMs = 0;
  let left = SHRINKING.inputs;
  const holds = async (gen: fc.GeneratorValue): Promise<boolean> => {
    const [last] = found;
    if (last !== undefined && (left-- <= 0 || performance.now() > endMs)) return true;
    const input = make(new Draw(gen));
    const name = (what: string) => nameOf(input, what);
    const sought = last && nameOf(last.input, last.what);
    const what = (await send(input, last !== undefined)).find((one) =>
      sought === undefined ? isNew(name(one)) : name(one) === sought,
    );
    if (what === undefined) return true;
    if (last === undefined) endMs = performance.now() + SHRINKING.ms;
    found.unshift({ input, what });
    return false;
  };
  const { counterexamplePath } = await fc.check(fc.asyncProperty(fc.gen(), holds), {
    seed,
    path,
    numRuns: count,
    // A slow one would be sent again for minutes.
    endOnFailure: kind === 'slow',
  });
  const [smallest] = found;
  const [from = ''] = (counterexamplePath ?? '').split(':');
  return smallest === undefined ? null : { ...smallest, path: from };
}

/** The same for the same defect: numbers differ. */
function nameOf({ kind, shape }: Input, what: string): string {
  return `${kind}, ${shape}: ${what}`.replace(/\d+/g, '0');
}
