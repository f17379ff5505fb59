/** What every input of `npm run fuzz` keeps to, whatever was drawn. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Draw } from '../../fuzz/draw.js';
import { KINDS, type Kind } from '../../fuzz/input.js';
import { batchesOf, makerOf } from '../../fuzz/kinds/all.js';
import { makeStage } from '../../fuzz/stage.js';
import { readEndpoint } from '../../src/registry/endpoint.js';
import { SEED } from '../support/seeded.js';

const COUNT = 1_000;
const stage = makeStage('http://127.0.0.1:1');
const inputsOf = (seed: number, only: Kind | null = null) =>
  batchesOf(seed, only, COUNT).flatMap(({ kind, seed: batchSeed, count }) =>
    fc
      .sample(fc.gen(), { seed: batchSeed, numRuns: count })
      .map((gen) => makerOf(kind, true)(new Draw(gen), stage)),
  );
const bytesOf = (inputs: ReturnType<typeof inputsOf>) =>
  inputs.map(({ parts }) => Buffer.concat(parts).toString('base64'));

it('is the same for the same seed, and another for another', () => {
  expect(bytesOf(inputsOf(1))).toEqual(bytesOf(inputsOf(1)));
  expect(bytesOf(inputsOf(1))).not.toEqual(bytesOf(inputsOf(2)));
});

it('is of every kind that was not asked for alone', () => {
  const kinds = new Set(inputsOf(SEED).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(KINDS.filter((kind) => kind !== 'slow').sort());
  expect(new Set(inputsOf(SEED, 'cipher').map(({ kind }) => kind))).toEqual(new Set(['cipher']));
  expect(inputsOf(SEED).length).toBe(COUNT);
});

it('registers nothing that leads anywhere but to loopback, nor the healthy account', () => {
  const bodies = inputsOf(SEED, 'json').map(({ parts }) => {
    const text = Buffer.concat(parts).toString();
    return text.slice(text.indexOf('\r\n\r\n') + 4);
  });
  const origins = bodies.flatMap((body) => originsIn(body));
  expect({ seed: SEED, others: origins.filter((origin) => !isLoopback(origin)) }).toEqual({
    seed: SEED,
    others: [],
  });
  expect(origins.length).toBeGreaterThan(100);
  expect(bodies.filter((body) => body.includes(stage.healthy.openKfId))).toEqual([]);
});

/** Of an endpoint that could be accepted. */
function originsIn(body: string): string[] {
  try {
    const { endpoint } = JSON.parse(body) as { endpoint?: unknown };
    const read = typeof endpoint === 'string' ? readEndpoint(endpoint) : { must: '' };
    return 'origin' in read ? [read.origin] : [];
  } catch {
    return [];
  }
}

function isLoopback(origin: string): boolean {
  return ['127.0.0.1', 'localhost'].includes(new URL(origin).hostname);
}
