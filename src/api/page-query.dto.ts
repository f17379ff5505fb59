/** What the lists of the operator's API are asked with, and the cursors by which their pages follow each other. */
import {
  IsIn,
  IsOptional,
  Matches,
  registerDecorator,
  type ValidationArguments,
} from '../kernel/class-validator.js';
import { ID_FORMAT } from '../kernel/wecom-format.js';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 200;

/** Tells, and never repeats, what came. */
export function mustBe(expected: string) {
  return { message: ({ property }: ValidationArguments) => `${property} must be ${expected}` };
}

/** Of a corp or a kf account. */
export function IsId(): PropertyDecorator {
  return Matches(ID_FORMAT.pattern, mustBe(`given once and ${ID_FORMAT.expected}`));
}

export function IsOneOf(values: readonly string[]): PropertyDecorator {
  return IsIn(values, mustBe(`one of ${values.join(', ')}`));
}

/** Opaque to its reader. @param list by its name, so that a cursor of another one is found out. */
export function toCursor(list: string, position: string | null): string | null {
  return position === null ? null : Buffer.from(`${list} ${position}`).toString('base64url');
}

function positionOf(list: string, cursor: unknown): string | null {
  if (typeof cursor !== 'string') return null;
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(list.length + 1);
  return toCursor(list, position) === cursor ? position : null;
}

/** What its page begins after; `null` where there is no cursor. */
export function readCursor(list: string, { cursor }: PageQueryDto): string | null {
  return positionOf(list, cursor);
}

/** @param isPosition what a position of the list looks like, where not any text is one. */
export function IsCursorOf(
  list: string,
  isPosition: (position: string) => boolean = () => true,
): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isCursor',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => {
          const position = positionOf(list, value);
          return position !== null && isPosition(position);
        },
        defaultMessage: () => `${String(property)} must be the nextCursor of an earlier page of this list`,
      },
    });
  };
}

function IsLimit(): PropertyDecorator {
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

/** What every list takes. */
export abstract class PageQueryDto {
  /** `nextCursor` of the page before; left out, the list begins. */
  abstract readonly cursor?: string;

  /**
   * How many at most.
   * @example 50
   */
  @IsOptional()
  @IsLimit()
  readonly limit?: string;
}

export function limitOf({ limit }: PageQueryDto): number {
  return limit === undefined ? LIMIT_DEFAULT : Number(limit);
}
