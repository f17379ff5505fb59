/**
 * What a service writes, as WeCom shows it: WeChat shows no Markdown. Marks are left out and words stay, with the addresses of links.
 * It knows what models write, not all of CommonMark.
 */

/** What reasoning models think before they answer. */
const THOUGHTS = /<think>[\s\S]*?(<\/think>|$)/gi;
const FENCE = /^\s*(```|~~~)/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const TABLE_RULE = /^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$/;
const TABLE_ROW = /^\s*\|(.+)\|\s*$/;

export function toPlainText(markdown: string): string {
  const lines: string[] = [];
  let isCode = false;
  for (const line of markdown.replace(THOUGHTS, '').replace(/\r\n?/g, '\n').split('\n')) {
    if (FENCE.test(line)) isCode = !isCode;
    else if (isCode) lines.push(line);
    else if (TABLE_RULE.test(line) && line.includes('|')) continue;
    else lines.push(RULE.test(line) ? '' : plainLine(line));
  }
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function plainLine(line: string): string {
  const row = TABLE_ROW.exec(line)?.[1];
  if (row !== undefined)
    return row
      .split('|')
      .map((cell) => plainWords(cell.trim()))
      .join(' | ');
  return plainWords(
    line
      .replace(/^\s{0,3}#{1,6}\s+/, '')
      .replace(/^(\s*)>\s?/, '$1')
      .replace(/^(\s*)[*+]\s+/, '$1- '),
  );
}

function plainWords(text: string): string {
  // What stands between backquotes is taken as it is.
  return text
    .split(/(`+[^`]+`+)/)
    .map((part, n) => (n % 2 === 1 ? part.replace(/^`+|`+$/g, '') : unmarked(part)))
    .join('');
}

function unmarked(text: string): string {
  return text
    .replace(/<br\s*\/?>/gi, '\n')
    .replace(/!?\[([^\]]*)\]\(\s*<?([^)\s>]*)>?[^)]*\)/g, (_all, words: string, url: string) =>
      words === '' || words === url ? url : `${words} (${url})`,
    )
    .replace(/<(https?:\/\/[^>\s]+)>/g, '$1')
    .replace(/(\*\*|__)(?=\S)(.+?)(?<=\S)\1/g, '$2')
    .replace(/~~(?=\S)(.+?)(?<=\S)~~/g, '$1')
    .replace(/(?<![\w*\\])\*(?=[^\s*])([^*]*[^\s*\\])\*(?![\w*])/g, '$1')
    .replace(/(?<![\w_\\])_(?=[^\s_])([^_]*[^\s_\\])_(?![\w_])/g, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!|~>])/g, '$1');
}
