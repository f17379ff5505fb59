import { describe, expect, it } from '@jest/globals';
import { toPlainText } from './plain-text.js';

describe('the plain text of an answer', () => {
  it.each([
    ['headings', '# Prices\n\n## Today', 'Prices\n\nToday'],
    ['stress', '**Yes**, *really* and __truly__ ~~not~~', 'Yes, really and truly not'],
    ['Chinese stress without blanks', '请在**工作日**联系*客服*。', '请在工作日联系客服。'],
    [
      'links',
      'See [our page](https://a.example/x) or <https://b.example>',
      'See our page (https://a.example/x) or https://b.example',
    ],
    ['a link that is its own text', '[https://a.example](https://a.example)', 'https://a.example'],
    ['pictures', '![a cat](https://a.example/cat.png "cat")', 'a cat (https://a.example/cat.png)'],
    ['lists', '* one\n+ two\n- three\n1. four', '- one\n- two\n- three\n1. four'],
    ['quotes', '> as you said', 'as you said'],
    [
      'code',
      'Run `npm **i**`:\n\n```sh\n# all\nnpm *i*\n```\nDone',
      'Run npm **i**:\n\n# all\nnpm *i*\nDone',
    ],
    ['tables', '| a | **b** |\n|---|:--:|\n| 1 | 2 |', 'a | b\n1 | 2'],
    ['rules and many blank lines', 'one\n\n---\n\n\n\ntwo', 'one\n\ntwo'],
    ['breaks', 'one<br/>two', 'one\ntwo'],
    ['escapes', '2 \\* 3 \\_ 4', '2 * 3 _ 4'],
    ['thoughts of the model', '<think>\nHe asks…\n</think>\n\nHello', 'Hello'],
    ['thoughts whose beginning is in the prompt', 'He asks…\n</think>\n\nHello', 'Hello'],
    ['thoughts that were cut off', 'Hello<think>and then', 'Hello'],
    [
      'stars and lines that are no marks',
      '3 * 4 * 5, snake_case_name, a*b*c',
      '3 * 4 * 5, snake_case_name, a*b*c',
    ],
    ['nothing but text', 'Hello.\r\nHow are you?', 'Hello.\nHow are you?'],
  ])('has no marks: %s', (_what, markdown, plain) => {
    expect(toPlainText(markdown)).toBe(plain);
  });

  it('is of a beginning, however long the answer is, and thoughts do not count', () => {
    const thoughts = `<think>${'t'.repeat(100_000)}</think>`;
    expect(toPlainText(`${thoughts}${'a'.repeat(1_000_000)}`)).toBe(`${'a'.repeat(20_000)}…`);
  });

  it('leaves links and stress as they are whose words are longer than people write', () => {
    const words = (length: number): string => 'w'.repeat(length);
    const link = (length: number): string => `[${words(length)}](https://a.example)`;
    expect(toPlainText(link(500))).toBe(`${words(500)} (https://a.example)`);
    for (const mark of ['**', '__', '~~'])
      expect(toPlainText(`${mark}${words(500)}${mark}`)).toBe(words(500));
    const long = [link(501), `**${words(501)}**`, `__${words(501)}__`, `~~${words(501)}~~`];
    expect(long.map(toPlainText)).toEqual(long);
  });
});
