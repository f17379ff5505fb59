import { expect, it } from '@jest/globals';
import { toTable } from './table.js';

it('gives each column the width of its widest text, Chinese characters counting twice', () => {
  const rows = [
    ['客服', 'online'],
    ['Support', 'dead'],
  ];
  expect(toTable(['NAME', 'STATE'], rows)).toBe('NAME     STATE\n客服     online\nSupport  dead\n');
});

it('is its head where there is nothing', () => {
  expect(toTable(['NAME', 'STATE'], [])).toBe('NAME  STATE\n');
});

it('shows what a terminal would obey as a question mark, line breaks included', () => {
  expect(toTable(['NAME'], [['\u001b[31mred\nDELETED\u202e']])).toBe('NAME\n?[31mred?DELETED?\n');
});
