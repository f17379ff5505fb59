/**
 * Turns Markdown into plain text, since WeChat shows none. Marks are left out; words and the addresses of links stay. It knows the
 * Markdown that models write, not all of CommonMark. A service may write millions of characters, so only a beginning is read, and no
 * expression here takes more than a bounded time for each character.
 */

/** More than a customer can be sent for a message, with room for marks. */
const LENGTH_MAX = 20_000;

/** The thoughts of reasoning models. Where the prompt ends with their beginning, the answer has only their end. */
const THOUGHTS = /<think>[\s\S]*?(<\/think>|$)/gi;
const THOUGHTS_BEFORE = /^[\s\S]*<\/think>/i;
/** A line with more backquotes is code within words. */
const FENCE = /^\s*(```[^`]*$|~~~)/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
/** It has `|` and `--`, too. */
const TABLE_RULE = /^[\s|:-]+$/;
const TABLE_ROW = /^\s*\|(.+)\|\s*$/;

/**
 * Stands for the mark of a hand-over while the text is made plain. To Markdown it is a letter: stress around it is found, and none within
 * the mark. Unicode never gives it a meaning (https://www.unicode.org/faq/private_use.html#nonchar1).
 */
const MARKED = '\uFDD0';

/** What is for the customer in an answer. */
export interface CustomerAnswer {
  /** Plain text; `''` where there is none. */
  readonly text: string;
  readonly handsOver: boolean;
}

/** @param handOverMark `''` for none. In thoughts it does not count; behind Markdown, such as an escape, it does. */
export function readAnswer(answer: string, handOverMark: string): CustomerAnswer {
  const said = withoutThoughts(answer);
  if (handOverMark === '') return { text: tidy(plainLines(beginningOf(said))), handsOver: false };
  const plain = plainLines(beginningOf(said).replaceAll(handOverMark, MARKED));
  const text = withoutMark(tidy(withoutMark(plain, handOverMark)), handOverMark).trim();
  return { text, handsOver: said.includes(handOverMark) || plain.includes(handOverMark) };
}

export function toPlainText(markdown: string): string {
  return readAnswer(markdown, '').text;
}

function plainLines(markdown: string): string {
  const lines: string[] = [];
  let isCode = false;
  for (const line of markdown.replace(/\r\n?/g, '\n').split('\n')) {
    if (FENCE.test(line)) isCode = !isCode;
    else if (isCode) lines.push(line);
    else if (TABLE_RULE.test(line) && line.includes('|') && line.includes('--')) continue;
    else lines.push(RULE.test(line) ? '' : plainLine(line));
  }
  return lines.join('\n');
}

/** Also where taking one out brings the ends of another together. */
function withoutMark(text: string, mark: string): string {
  const kept: string[] = [];
  // By UTF-16 units, as `includes` compares.
  for (const unit of text.replaceAll(MARKED, '').split('')) {
    kept.push(unit);
    if (unit === mark.at(-1) && kept.slice(-mark.length).join('') === mark) kept.length -= mark.length;
  }
  return kept.join('');
}

/** Lines may come together here, and so a mark that has a line's end. */
function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function withoutThoughts(text: string): string {
  return text.replace(THOUGHTS, '').replace(THOUGHTS_BEFORE, '');
}

function beginningOf(text: string): string {
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
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
    .split(/((?<!`)`+[^`]+`+)/)
    .map((part, n) => (n % 2 === 1 ? part.replace(/^`+|`+$/g, '') : unmarked(part)))
    .join('');
}

function unmarked(text: string): string {
  return text
    .replace(/<br\s*\/?>/gi, '\n')
    .replace(/!?\[([^\]\n]{0,500})\]\(([^)\n]{0,2000})\)/g, (_all, words: string, target: string) => {
      const url = /^<?([^\s>]*)/.exec(target.trim())?.[1] ?? '';
      return words === '' || words === url ? url : `${words} (${url})`;
    })
    .replace(/<(https?:\/\/[^>\s]{1,2000})>/g, '$1')
    .replace(/(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1/g, '$2')
    .replace(/~~(?=\S)(.{1,500}?)(?<=\S)~~/g, '$1')
    .replace(/(?<![\w*\\])\*(?=[^\s*])([^*]*[^\s*\\])\*(?![\w*])/g, '$1')
    .replace(/(?<![\w_\\])_(?=[^\s_])([^_]*[^\s_\\])_(?![\w_])/g, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!|~>])/g, '$1');
}
