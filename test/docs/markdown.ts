/** Reads the project's Markdown as far as its checks need it. */
import { globSync, readFileSync } from 'node:fs';

export interface Page {
  readonly path: string;
  readonly text: string;
  /** Without blocks and spans of code. */
  readonly prose: string;
  /** What stands in blocks and spans of code. */
  readonly code: readonly string[];
}

const BLOCK = /^ *(`{3,})[^\n]*\n(.*?)^ *\1 *$/gms;
const SPAN = /(`+)(.+?)\1/gs;
const NOT_OURS = ['node_modules', 'dist', 'dist-tools', 'coverage', 'test-results', 'data'];

/** Every page of the project. */
export const PAGES: readonly Page[] = globSync('**/*.md', { exclude: (name) => NOT_OURS.includes(name) })
  .sort()
  .map((path) => toPage(path, readFileSync(path, 'utf8')));

export function toPage(path: string, text: string): Page {
  const blocks = [...text.matchAll(BLOCK)].map(([, , block = '']) => block);
  const withoutBlocks = text.replaceAll(BLOCK, '');
  const spans = [...withoutBlocks.matchAll(SPAN)].map(([, , span = '']) => span);
  return { path, text, prose: withoutBlocks.replaceAll(SPAN, ''), code: [...blocks, ...spans] };
}

/** Targets of links and pictures that lead into the project, as they are written. */
export function linksOf({ text }: Page): readonly string[] {
  const prose = text.replaceAll(BLOCK, '');
  return [...prose.matchAll(/(?:\]\(|<img src=")([^)"\s]+)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(https?|mailto):/.test(target));
}

/** Of its headings, as GitHub makes them; the second of a name has `-1`. */
export function anchorsOf({ text }: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = text.replaceAll(BLOCK, '').matchAll(/^#{1,6} +(.+?) *$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const anchor = toAnchor(heading);
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

function toAnchor(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}
