/** What every input of `npm run fuzz -w lab` keeps to, whatever was drawn. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sendBatch } from '../../lab/fuzz/batch.js';
import { Draw } from '../../lab/fuzz/draw.js';
import { type Input, KINDS, type Kind } from '../../lab/fuzz/input.js';
import { batchesOf, makerOf } from '../../lab/fuzz/kinds/all.js';
import { rawInput } from '../../lab/fuzz/kinds/raw-http.js';
import { makeStage } from '../../lab/fuzz/stage.js';
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
  expect(new Set(inputsOf(SEED, 'raw').map(({ kind }) => kind))).toEqual(new Set(['raw']));
  expect(inputsOf(SEED).length).toBe(COUNT);
});

it('makes a finding as small as it gets, tells it once, and finds it again by its path', async () => {
  const make = (draw: Draw) => {
    const [number, text] = [draw.below(1_000), draw.text('ab', 5)];
    return rawInput('raw', 'planted', [Buffer.from(`${number} ${text}`)]);
  };
  const send = async ({ parts }: Input) => {
    const number = Number.parseInt(String(parts[0]), 10);
    return number < 100 ? [] : [`takes ${number}`];
  };
  const told: string[] = [];
  const batch = { kind: 'raw', seed: SEED, count: 50 } as const;
  const finding = await sendBatch(batch, make, send, (name) => told.push(name) === 1);
  const again = await sendBatch({ ...batch, path: String(finding?.path), count: 1 }, make, send, () => true);
  const smallest = { what: 'takes 100', input: { parts: [Buffer.from('100 aaaaa')] } };
  expect({ seed: SEED, finding }).toMatchObject({ seed: SEED, finding: smallest });
  expect({ seed: SEED, again }).toMatchObject({ seed: SEED, again: smallest });
  expect(told).toEqual(['raw, planted: takes 0']);
});

it('is sent 200 times at most to make a finding smaller', async () => {
  let sent = 0;
  const make = (draw: Draw) => rawInput('raw', 'planted', [Buffer.from(draw.text('abcdefgh', 1_000))]);
  const send = async () => {
    sent++;
    return ['always'];
  };
  await sendBatch({ kind: 'raw', seed: SEED, count: 1 }, make, send, () => true);
  expect(sent).toBe(201);
});
