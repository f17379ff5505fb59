/** What the console says in Chinese of the manager's errors is of errors that there are. */
import { expect, it } from '@jest/globals';
import { errorCodes } from '../../packages/console/src/i18n/zh/error-codes.js';
import { ERRORS } from '../../src/kernel/error-table.js';

it('names no code that the manager does not have', () => {
  const codes = Object.keys(errorCodes);
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
});
