/** The query of lists in the operators' API, and the cursors that connect their pages. */
import { IsIn, IsISO8601, IsOptional, Matches, registerDecorator } from 'class-validator';
import { expected } from './field-rules.js';
import { ID_FORMAT } from '../../kernel/wecom-format.js';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** The id of a corp or a kf account. */
export function IsId(): PropertyDecorator {
  return Matches(ID_FORMAT.pattern, expected(`given once and ${ID_FORMAT.expected}`));
}

const A_TIME = 'a time in ISO 8601, such as 2026-01-31T08:00:00Z, given once';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

export function IsQueryTime(): PropertyDecorator {
  const [hasForm, isTime] = [Matches(TIME, expected(A_TIME)), IsISO8601({ strict: true }, expected(A_TIME))];
  return (target, property) => {
    hasForm(target, property);
    isTime(target, property);
  };
}

/** Epoch milliseconds of an `IsQueryTime`. */
export function toMs(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

export function IsOneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, expected(`one of ${values.join(', ')}`));
}

/** Makes a cursor, opaque to clients. @param list the list's name: a cursor of another list is refused. */
export function toCursor(list: string, position: string | null): string | null {
  return position === null ? null : Buffer.from(`${list} ${position}`).toString('base64url');
}

function positionOf(list: string, cursor: unknown): string | null {
  if (typeof cursor !== 'string') return null;
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(list.length + 1);
  return toCursor(list, position) === cursor ? position : null;
}

/** The key after which the page begins; `null` without a cursor. */
export function readCursor(list: string, { cursor }: PageQueryDto): string | null {
  return positionOf(list, cursor);
}

/**
 * @param list the list's name, or a function that makes the name from the query.
 * @param isPosition whether a text can be a position in the list. Left out: any text can.
 */
export function IsCursorOf(
  list: string | ((query: never) => string),
  isPosition: (position: string) => boolean = () => true,
): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isCursor',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value, args) => {
          const name = typeof list === 'string' ? list : list(args?.object as never);
          const position = positionOf(name, value);
          return position !== null && isPosition(position);
        },
        defaultMessage: () => `${String(property)} must be the nextCursor of an earlier page of this list`,
      },
    });
  };
}

export function IsLimit(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isLimit',
      target: target.constructor,
      propertyName: String(property),
      constraints: [LIMIT_MAX, LIMIT_DEFAULT],
      validator: {
        validate: (value) =>
          typeof value === 'string' && /^[1-9]\d{0,2}$/.test(value) && Number(value) <= LIMIT_MAX,
        defaultMessage: () => `${String(property)} must be a whole number from 1 to ${LIMIT_MAX}`,
      },
    });
  };
}

/** The parameters of every list. */
export abstract class PageQueryDto {
  /** `nextCursor` of the page before; left out for the first page. */
  abstract readonly cursor?: string;

  /**
   * Maximum number of items.
   * @example 50
   */
  @IsOptional()
  @IsLimit()
  readonly limit?: string;
}

export function limitOf({ limit }: PageQueryDto): number {
  return limit === undefined ? LIMIT_DEFAULT : Number(limit);
}
