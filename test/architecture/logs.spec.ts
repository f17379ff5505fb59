/** docs/reference/log-lines.md lists every line of the source, with its levels and fields, and no other. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { LogLines } from './log-lines.js';

const DOCS = readFileSync('docs/reference/log-lines.md', 'utf8');
const source = new LogLines();

/** The cells of each row that begins with a name in backticks, under this heading. */
function rowsUnder(heading: string): string[][] {
  const section = DOCS.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) => row.slice(2, -1).split(' | '));
}

const quoted = (text = ''): string[] => [...text.matchAll(/`(\w[\w.]*)`/g)].map(([, name = '']) => name);

const sections = rowsUnder('Fields of a request').map(([name]) => quoted(name)[0] ?? '');
const detailsAt = sections.indexOf('oneIn') + 1;
const [ofRequests, details] = [sections.slice(0, detailsAt), sections.slice(detailsAt)];

const byName = (one: { readonly line: string }, other: { readonly line: string }) =>
  one.line.localeCompare(other.line);

const documented = rowsUnder('All lines').map(([name, levels = '', , fields = '']) => ({
  line: quoted(name)[0] ?? '',
  levels: levels.toLowerCase().split(', ').sort(),
  fields: [...quoted(fields), ...(fields.includes('those of a request') ? ofRequests : [])].sort(),
}));
const written = [...source.lines].map(([line, { levels, fields }]) => ({
  line,
  levels: [...levels].sort(),
  fields: [...fields].sort(),
}));

describe('the lines of the log', () => {
  const names = written.map(({ line }) => line);

  it('are all documented as they are, and no others, once each', () => {
    expect(names.length).toBeGreaterThan(50);
    expect(documented.toSorted(byName)).toEqual(written.toSorted(byName));
  });

  it('are named noun.verbed', () => {
    expect(names.filter((line) => !/^[a-z]+\.[a-z]+(_[a-z]+)*$/.test(line))).toEqual([]);
  });

  it('have no other details of errors than documented', () => {
    expect(details.sort()).toEqual([...source.internals].sort());
  });
});
