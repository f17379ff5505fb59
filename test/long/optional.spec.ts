/** An optional feature can be deleted: its folder, and the lines that name it where features are put together. */
import { beforeAll, expect, it } from '@jest/globals';
import { OPTIONAL, WithoutFeatures } from '../../lab/optional/optional.js';

let source: WithoutFeatures;

beforeAll(() => {
  source = new WithoutFeatures();
});

it('compiles with all of them', () => {
  expect(source.compile([])).toEqual([]);
});

it.each(Object.entries(OPTIONAL))('compiles without %s', (_name, folders) => {
  expect(source.compile(folders)).toEqual([]);
});

it('does not compile without a feature that others need', () => {
  expect(source.compile(['src/registry'])).not.toEqual([]);
});
