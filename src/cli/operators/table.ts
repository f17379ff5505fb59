/** A table for people: columns as wide as their widest text, which may be Chinese. */

/** Characters of East Asian width take two columns of a terminal. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
/** Text of puppets and bots must not reach the terminal as commands to it. */
const CONTROL = /\p{Cc}|\p{Cf}/gu;
const GAP = '  ';

/** @returns lines, each with its end. */
export function toTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [titles, ...rows].map((row) => row.map((text) => text.replaceAll(CONTROL, '?')));
  const widths = titles.map((_title, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  return all.map((row) => `${lineOf(row, widths)}\n`).join('');
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  const padded = row.map((text, column) => text + ' '.repeat((widths[column] ?? 0) - widthOf(text)));
  return padded.join(GAP).trimEnd();
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) || character > '\uffff' ? 2 : 1;
  return width;
}
