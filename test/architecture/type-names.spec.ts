/** What a type is called: one name is one thing everywhere, and it says what the thing is. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const DECLARATION = /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm;

/** They look like participles. `Taken` of `src/insight/figures` still is one. */
const EXCEPTIONS = new Set(['Need', 'Finding', 'Tracing', 'Taken']);
const PARTICIPLE = /^[A-Z][a-z]+(?:ed|ing)$/;
/** Irregular ones; those that are nouns too, such as `Set`, are left out. */
const IRREGULAR = new Set(
  `Begun Been Bound Brought Built Chosen Done Drawn Found Given Gone Got Heard Held Hidden Kept Known Left Lost Made Meant Met Paid
  Said Seen Sent Shown Sold Sought Spent Spoken Stuck Taken Told Thrown Understood Unknown Unread Unseen Unsent Won Written`.split(
    /\s+/,
  ),
);

const types = globSync('src/**/*.ts', { exclude: (name) => /\.(?:spec|d)\.ts$/.test(name) }).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(DECLARATION)].map(([, name = '']) => ({ name, file })),
);

it('finds the exported types', () => {
  expect(types.length).toBeGreaterThan(500);
});

it('no two exported types have one name', () => {
  const filesOf = Map.groupBy(types, ({ name }) => name);
  const twice = [...filesOf].filter(([, found]) => new Set(found.map(({ file }) => file)).size > 1);
  expect(twice).toEqual([]);
});

it('no exported type is a bare participle', () => {
  const bare = types.filter(
    ({ name }) => (PARTICIPLE.test(name) || IRREGULAR.has(name)) && !EXCEPTIONS.has(name),
  );
  expect(bare).toEqual([]);
});
