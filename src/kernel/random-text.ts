import { randomInt } from 'node:crypto';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Like the values that WeCom's admin page makes: a Token has 32 characters, an EncodingAESKey has 43. Each character has some
 * 6 bits.
 */
export function randomLettersAndDigits(length: 32 | 43): string {
  return Array.from({ length }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join('');
}
