import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutInParts, PART_BYTES_MAX } from './parts.js';

const bytesOf = (text: string) => Buffer.byteLength(text);

describe('the parts of an answer', () => {
  it('are one where it is short enough, and none where it is empty', () => {
    expect(cutInParts('Hello', 5)).toEqual(['Hello']);
    expect(cutInParts('字'.repeat(682), 5)).toHaveLength(1);
    expect(cutInParts('  \n', 5)).toEqual([]);
  });

  it('end with a paragraph, else with a line, a sentence, a clause or a word', () => {
    const long = 'x'.repeat(1_500);
    for (const end of ['\n\n', '\n', '. ', '。', '，', ' ']) {
      const [first, second] = cutInParts(`${long}${end}${long}`, 5);
      expect([first, second]).toEqual([`${long}${end.trim()}`, long]);
    }
  });

  it('are full where there is nowhere better to cut, and no character is cut in two', () => {
    const parts = cutInParts('👩‍👩‍👧‍👦'.repeat(200), 5);
    expect(parts.every((part) => /^(👩‍👩‍👧‍👦)+$/u.test(part))).toBe(true);
    expect(parts.join('')).toBe('👩‍👩‍👧‍👦'.repeat(200));
  });

  it('say at the end that there was more', () => {
    const parts = cutInParts('字'.repeat(5_000), 2);
    expect(parts.map(bytesOf)).toEqual([2_046, 2_046]);
    expect(parts[1]?.endsWith('字…')).toBe(true);
  });

  it('are no more than allowed, none too long or empty, and together all of a text that is not cut off', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 6_000 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 5 }), (text, countMax) => {
        const parts = cutInParts(text, countMax);
        expect(parts.length).toBeLessThanOrEqual(countMax);
        for (const part of parts) {
          expect(bytesOf(part)).toBeLessThanOrEqual(PART_BYTES_MAX);
          expect(part.trim()).not.toBe('');
        }
        const bare = (some: string) => some.replaceAll(/\s/g, '');
        const isCut = parts.at(-1)?.endsWith('…') === true && !text.trim().endsWith('…');
        if (!isCut) expect(bare(parts.join(''))).toBe(bare(text));
      }),
      { numRuns: 50 },
    );
  });
});
