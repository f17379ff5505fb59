/**
 * What the build says of the constructors that Nest calls. `tsc` writes `Object` for a parameter whose type is no class; Nest
 * finds no provider of that name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

const BUILT = 'dist';
/** What `tsc` writes where it knows no class, and classes of JavaScript that nobody provides. */
const NO_CLASS = new Set(['Object', 'Function', 'Array', 'Promise', 'String', 'Number', 'Boolean', 'Symbol']);

interface Constructed {
  readonly file: string;
  readonly name: string;
  /** As they are written; `null` for a parameter that `@Inject` or the like names. */
  readonly types: readonly (string | null)[];
  readonly hasOptional: boolean;
}

const nameOfCall = (node: ts.Node): string | null =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : null;

/** The classes that are made by `__decorate([Injectable(), …], Class)` and have parameters. */
function constructedIn(file: string): Constructed[] {
  const source = ts.createSourceFile(file, readFileSync(join(BUILT, file), 'utf8'), ts.ScriptTarget.Latest);
  const found: Constructed[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (nameOfCall(node) !== '__decorate') return;
    const [list, decorated] = (node as ts.CallExpression).arguments;
    // Methods are decorated with a prototype and a name.
    if (list === undefined || decorated === undefined || !ts.isArrayLiteralExpression(list)) return;
    if (!ts.isIdentifier(decorated)) return;
    const calls = list.elements.filter(ts.isCallExpression);
    const types = calls.find(
      ({ arguments: [key] }) =>
        key !== undefined && ts.isStringLiteral(key) && key.text === 'design:paramtypes',
    )?.arguments[1];
    if (types === undefined || !ts.isArrayLiteralExpression(types)) return;
    const params = calls.filter((call) => nameOfCall(call) === '__param');
    const ofParams = params.map(({ arguments: [at, by] }) => ({
      at: Number(at?.getText(source)),
      by: (by && nameOfCall(by)) ?? '',
    }));
    const injected = new Set(ofParams.filter(({ by }) => /^Inject/.test(by)).map(({ at }) => at));
    found.push({
      file,
      name: decorated.text,
      types: types.elements.map((type, n) => (injected.has(n) ? null : type.getText(source))),
      hasOptional: ofParams.some(({ by }) => by === 'Optional'),
    });
  };
  visit(source);
  return found;
}

const files = readdirSync(BUILT, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.js') && !file.startsWith('console/public/'));
const constructed = files.flatMap(constructedIn);

it('the constructors that Nest calls were read from the build', () => {
  expect(constructed.length).toBeGreaterThan(100);
  expect(constructed.map(({ name }) => name)).toEqual(expect.arrayContaining(['AgentCarrier', 'MongoStore']));
  expect(constructed.flatMap(({ types }) => types)).toContain(null);
});

it('each parameter that Nest fills has a class, or `@Inject` names what it gets', () => {
  const open = constructed.flatMap(({ file, name, types }) =>
    types
      .map((type, n) => ({ type, what: `${file}: parameter ${n} of ${name} is ${type}` }))
      .filter(({ type }) => type !== null && (NO_CLASS.has(type) || !/^\w+$/.test(type)))
      .map(({ what }) => what),
  );
  expect(open).toEqual([]);
});

it('nothing does without what it asks for', () => {
  const factories = files.filter((file) =>
    readFileSync(join(BUILT, file), 'utf8').includes('optional: true'),
  );
  expect(factories).toEqual([]);
  expect(constructed.filter(({ hasOptional }) => hasOptional).map(({ name }) => name)).toEqual([]);
});
