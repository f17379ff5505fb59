import { describe, expect, it } from '@jest/globals';
import { IsOptional, Matches } from 'class-validator';
import { AreNested, IsNested, parseJsonBody, RefusesUnknownFields, RequestPipe } from './validation.js';

class VisitDto {
  @Matches(/^[a-z]+$/, { message: 'name must be small letters' })
  readonly name!: string;

  @Matches(/^\d+$/, { message: 'room must be digits' })
  readonly room!: string;

  @IsOptional()
  @Matches(/^[a-z]+$/, { message: 'note must be small letters' })
  readonly note: string = 'none';
}

class LastVisitDto extends VisitDto {
  @Matches(/^[a-z]+$/, { message: 'name must be small letters, such as ann; or bob' })
  override readonly name!: string;
}

class DayDto {
  @AreNested(VisitDto)
  readonly visits!: VisitDto[];
}

class WeekDto {
  @IsNested(LastVisitDto)
  readonly last!: LastVisitDto;

  @AreNested(DayDto)
  readonly days!: DayDto[];
}

@RefusesUnknownFields()
class ClosedVisitDto extends VisitDto {}

const JSON_TYPE = 'application/json';
const GOOD = { name: 'ann', room: '7' };

function parsedBytes(body: Buffer, contentType: string | undefined): VisitDto {
  return parseJsonBody(VisitDto, { contentType, bytes: body });
}

function parsed(body: unknown, contentType: string = JSON_TYPE): VisitDto {
  return parsedBytes(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), contentType);
}

function error(code: string, detail?: string): object {
  return expect.objectContaining({ name: 'AppError', code, detail });
}

describe('the type of a body', () => {
  it.each([JSON_TYPE, 'Application/JSON', 'application/json; charset=utf-8', 'application/json ;x'])(
    'may be %s',
    (type) => expect(parsed(GOOD, type)).toMatchObject(GOOD),
  );

  it.each([undefined, '', 'text/plain', 'text/plain; application/json', 'application/jsonp', 'text/json'])(
    'must be asked for, not %s',
    (type) => {
      const body = Buffer.from(JSON.stringify(GOOD));
      expect(() => parsedBytes(body, type)).toThrow(error('REQUEST_TYPE_UNSUPPORTED'));
    },
  );
});

describe('what Nest binds', () => {
  const pipe = new RequestPipe();
  const bound = (type: 'body' | 'query' | 'param', value: unknown): Promise<unknown> =>
    pipe.transform(value, { type, metatype: VisitDto });
  const sent = (body: unknown, contentType = JSON_TYPE) => ({
    contentType,
    bytes: Buffer.from(JSON.stringify(body)),
  });

  it.each(['query', 'param'] as const)('as a %s is checked and made one of the class', async (type) => {
    const visit = await bound(type, { ...GOOD, floor: '3' });
    expect(visit).toBeInstanceOf(VisitDto);
    expect({ ...(visit as VisitDto) }).toEqual({ ...GOOD, note: 'none' });
    const message = 'room must be digits';
    await expect(bound(type, { ...GOOD, room: ['7', '8'] })).rejects.toEqual(
      error('REQUEST_INVALID', message),
    );
  });

  it('as a body is JSON in bytes, its type asked for before all else', async () => {
    expect({ ...((await bound('body', sent({ ...GOOD, note: null }))) as VisitDto) }).toEqual({
      ...GOOD,
      note: 'none',
    });
    await expect(bound('body', sent([], 'text/plain'))).rejects.toEqual(error('REQUEST_TYPE_UNSUPPORTED'));
    await expect(bound('body', undefined)).rejects.toEqual(error('REQUEST_TYPE_UNSUPPORTED'));
    await expect(bound('body', sent([]))).rejects.toEqual(error('REQUEST_BODY_NOT_JSON'));
    await expect(bound('body', sent({ name: 'Ann', room: 7 }))).rejects.toEqual(
      error('REQUEST_INVALID', 'name must be small letters; room must be digits'),
    );
  });

  it('may have fields that nobody knows, however deeply nested', async () => {
    const deep = `{"name":"ann","room":"7","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const body = { contentType: JSON_TYPE, bytes: Buffer.from(deep) };
    expect({ ...((await bound('body', body)) as VisitDto) }).toEqual({ ...GOOD, note: 'none' });
  });
});

describe('a class that refuses unknown fields', () => {
  const pipe = new RequestPipe();
  const bound = (values: object): Promise<unknown> =>
    pipe.transform(values, { type: 'query', metatype: ClosedVisitDto });

  it('takes those that it has', async () => {
    expect({ ...((await bound(GOOD)) as VisitDto) }).toEqual({ ...GOOD, note: 'none' });
  });

  it.each([
    ['floor', 'floor'],
    ['Note', 'Note'],
    ['x'.repeat(1_000), 'x'.repeat(40)],
  ])('names another one, and those that it has: %s', async (name, named) => {
    const detail = `${named} is not known here; leave it out, or use one of name, note, room`;
    for (const value of ['', null])
      await expect(bound({ ...GOOD, [name]: value })).rejects.toEqual(error('REQUEST_INVALID', detail));
  });

  it('names a field that is null, by which all could be meant or none', async () => {
    const detail = 'note must not be null; give it a value, or leave it out';
    await expect(bound({ ...GOOD, note: null })).rejects.toEqual(error('REQUEST_INVALID', detail));
  });
});

describe('a body', () => {
  it('gives the known fields, with the defaults of those left out, and drops unknown ones', () => {
    const visit = parsed({ ...GOOD, note: 'quiet', floor: 3, __proto: {}, toString: 'x' });
    expect(visit).toBeInstanceOf(VisitDto);
    expect({ ...visit }).toEqual({ ...GOOD, note: 'quiet' });
    expect({ ...parsed(GOOD) }).toEqual({ ...GOOD, note: 'none' });
  });

  it.each([
    ['__proto__', '{"name":"ann","room":"7","__proto__":{"note":"quiet","admin":true}}'],
    ['such a key deeper down', '{"name":"ann","room":"7","x":[{"__proto__":1}]}'],
    [
      'a constructor that has a prototype',
      '{"name":"ann","room":"7","constructor":{"prototype":{"admin":true}}}',
    ],
  ])('drops %s', (_what, body) => {
    const visit = parsed(body);
    expect(Object.getPrototypeOf(visit)).toBe(VisitDto.prototype);
    expect({ ...visit }).toEqual({ ...GOOD, note: 'none' });
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"name":'],
    ['two JSON texts', '{}{}'],
    ['a list', [GOOD]],
    ['null', null],
    ['a text', '"ann"'],
    ['a number', 7],
    ['60,000 open brackets', '['.repeat(60_000)],
  ])('must be one JSON object, not %s', (_what, body) => {
    expect(() => parsed(body)).toThrow(error('REQUEST_BODY_NOT_JSON'));
  });

  it('must be UTF-8', () => {
    const body = Buffer.from('{"name":"ann","room":"7","note":"\xff"}', 'latin1');
    expect(() => parsedBytes(body, JSON_TYPE)).toThrow(error('REQUEST_BODY_NOT_JSON'));
  });

  it('must be there', () => {
    expect(() => parsedBytes(Buffer.alloc(0), JSON_TYPE)).toThrow(error('REQUEST_BODY_NOT_JSON'));
    expect(() => parseJsonBody(VisitDto, undefined)).toThrow(error('REQUEST_TYPE_UNSUPPORTED'));
  });

  it('has every wrong field named at once', () => {
    const everything = 'name must be small letters; room must be digits; note must be small letters';
    expect(() => parsed({ name: 'Ann', room: 7, note: ['x'] })).toThrow(error('REQUEST_INVALID', everything));
    const missing = 'name must be small letters; room must be digits';
    expect(() => parsed({})).toThrow(error('REQUEST_INVALID', missing));
  });

  it('has the wrong fields of its objects named with their place, at any depth', () => {
    const visits = [{ name: 'ann' }, { name: 'bob', room: '7', note: 'LOUD' }, 'c'];
    const given = Buffer.from(JSON.stringify({ days: [{ visits }, { visits: [] }], last: {} }));
    const faults = [
      'last.name must be small letters, such as ann; or bob',
      'last.room must be digits',
      'days[0].visits[0].room must be digits',
      'days[0].visits[1].note must be small letters',
      'days[0].visits[2] must be an object',
    ];
    expect(() => parseJsonBody(WeekDto, { contentType: JSON_TYPE, bytes: given })).toThrow(
      error('REQUEST_INVALID', faults.join('; ')),
    );
  });
});
