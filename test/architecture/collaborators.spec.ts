/** Who needs many others to do its work does several things. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import ts from 'typescript';

const COLLABORATORS_MAX = 9;

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
);

function constructorsIn(file: string): { readonly name: string; readonly count: number }[] {
  const text = readFileSync(join('src', file), 'utf8');
  const found: { name: string; count: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isConstructorDeclaration(node))
      found.push({ name: `${node.parent.name?.text} (${file})`, count: node.parameters.length });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

it(`no class has more than ${COLLABORATORS_MAX} collaborators`, () => {
  const all = files.flatMap(constructorsIn);
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ count }) => count > COLLABORATORS_MAX)).toEqual([]);
});
