import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAnswer, toPlainText } from './plain-text.js';

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
    ['code in three backquotes within words', '```npm i``` **first**', 'npm i first'],
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

describe('an answer with the mark of a hand-over', () => {
  const MARK = '[human]';
  const spoken = (answer: string, mark = MARK) => readAnswer(answer, mark);

  it.each([
    ['in stress', '**[human]** yes', 'yes'],
    ['in stress of every kind', 'a ***[human]*** b *[human]* c __[human]__ d ~~[human]~~ e', 'a  b  c  d  e'],
    [
      'in stress of a whole sentence',
      '**[human] One moment.** **One moment. [human]**',
      'One moment. One moment.',
    ],
    ['in backquotes', '`[human]` yes ```[human]```', 'yes'],
    ['in a block of code', '```\n[human]\n```\nyes', 'yes'],
    ['within the mark', 'yes [hu[human]man]', 'yes'],
    ['within the mark, in stress', 'yes [hu**[human]**man]', 'yes'],
    ['behind escapes', 'yes \\[human\\]', 'yes'],
    ['with stress within', 'yes [**human**]', 'yes'],
    ['as the words of a link', 'yes [human](https://a.example)', 'yes (https://a.example)'],
    ['in a line of its own', 'yes\n\n**[human]**\n\nno', 'yes\n\nno'],
  ])('is sent without it, and hands over: %s', (_where, answer, text) => {
    expect(spoken(answer)).toEqual({ text, handsOver: true });
  });

  it('is sent without it, although the mark looks like Markdown', () => {
    expect(spoken('**__HUMAN__** yes', '__HUMAN__')).toEqual({ text: 'yes', handsOver: true });
    expect(spoken('**HUMAN** yes', '__HUMAN__')).toEqual({ text: 'HUMAN yes', handsOver: false });
    expect(spoken('`HUMAN` yes', '`HUMAN`')).toEqual({ text: 'yes', handsOver: true });
  });

  it('does not hand over where only thoughts have it', () => {
    expect(spoken('<think>[human]?</think>yes')).toEqual({ text: 'yes', handsOver: false });
  });

  it('never has the mark in its text, however the two are made', () => {
    const pieces = [
      '*',
      '**',
      '_',
      '`',
      '~~',
      '\\',
      '[',
      ']',
      '(',
      ')',
      '|',
      '-',
      '\n',
      ' ',
      '<br>',
      'a',
      'b',
      '…',
      '人',
    ];
    const piece = fc.constantFrom(...pieces);
    const markOf = fc.array(piece, { minLength: 1, maxLength: 6 }).map((some) => some.join(''));
    const both = markOf.chain((mark) =>
      fc.tuple(
        fc.constant(mark),
        fc.array(fc.oneof(piece, fc.constant(mark), fc.string()), { maxLength: 40 }),
      ),
    );
    fc.assert(
      fc.property(both, ([mark, some]) => {
        const answer = some.join('');
        const { text, handsOver } = spoken(answer, mark);
        expect(text.includes(mark)).toBe(false);
        expect(handsOver || !toPlainText(answer).includes(mark)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is read only as far as a customer can be sent, however many marks are within each other', () => {
    const marks = '[hu'.repeat(1_000_000) + MARK.repeat(1_000_000) + 'man]'.repeat(1_000_000);
    expect(spoken(marks).handsOver).toBe(true);
    expect(spoken('b'.repeat(8_000_000), 'b')).toEqual({ text: '…', handsOver: true });
    const nested = `${'[hu'.repeat(2_000)}${MARK}${'man]'.repeat(2_000)}`;
    expect(spoken(`yes ${nested}`)).toEqual({ text: 'yes', handsOver: true });
  });
});
