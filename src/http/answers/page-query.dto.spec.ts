import { describe, expect, it } from '@jest/globals';
import { validated } from './validation.js';
import { IsOptional } from 'class-validator';
import { IsCursorOf, IsId, IsOneOf, limitOf, PageQueryDto, readCursor, toCursor } from './page-query.dto.js';

class QueryDto extends PageQueryDto {
  @IsOptional()
  @IsId()
  readonly corpId?: string;

  @IsOptional()
  @IsOneOf(['a.b', 'c'])
  readonly state?: string;

  @IsOptional()
  @IsCursorOf('things')
  readonly cursor?: string;
}

const read = (query: object): QueryDto => validated(QueryDto, query);

function faultsOf(query: object): string {
  try {
    read(query);
    return '';
  } catch (error) {
    return String((error as Error).message);
  }
}

describe('a limit', () => {
  it.each([
    ['1', 1],
    ['50', 50],
    ['200', 200],
    [undefined, 50],
  ])('of %p is taken', (limit, number) => {
    expect(limitOf(read({ limit }))).toBe(number);
  });

  it.each([['0'], ['201'], ['-1'], ['1.5'], ['1e2'], ['01'], [' 1'], [''], ['many'], [['1', '2']]])(
    'of %p is refused by name',
    (limit) => {
      expect(faultsOf({ limit })).toContain('limit must be a whole number from 1 to 200');
    },
  );
});

describe('a cursor', () => {
  it.each(['', 'ww1/wk1', 'ww1/客 服', '"'])('gives back the position %p', (position) => {
    const cursor = toCursor('things', position) ?? '';
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(readCursor('things', read({ cursor }))).toBe(position);
  });

  it.each([['x'], [''], ['dGhpbmdz'], [toCursor('others', 'a')], [`${toCursor('things', 'a')}=`], [['a']]])(
    'that was not given here is refused by name: %p',
    (cursor) => {
      expect(faultsOf({ cursor })).toContain('cursor must be the nextCursor of an earlier page of this list');
    },
  );

  it('is none at the end, and at the beginning', () => {
    expect(toCursor('things', null)).toBeNull();
    expect(readCursor('things', read({}))).toBeNull();
  });
});

it('names every field that is wrong, with what is expected, and repeats nothing', () => {
  const message = faultsOf({ corpId: 'a b', state: 'a-b', limit: 'x', cursor: 'marked' });
  for (const field of ['corpId', 'state', 'limit', 'cursor']) expect(message).toContain(`${field} must be`);
  expect(message).toContain('one of a.b, c');
  expect(message).not.toMatch(/marked|a b|a-b/);
});
