/** Rules for fields of several features. Messages may tell the length of a value, never the value: some are secrets. */
import { applyDecorators } from '@nestjs/common';
import { IsISO8601, Matches, registerDecorator, type ValidationArguments } from 'class-validator';

/** A message that says what is expected, and nothing of the value. */
export function expected(what: string) {
  return { message: ({ property }: ValidationArguments) => `${property} must be ${what}` };
}

/** A message that says what is expected, and how long the value was. */
export function mustBe(expected: string) {
  return {
    message: ({ property, value }: ValidationArguments) =>
      `${property} must be ${expected} (${typeof value === 'string' ? `got ${value.length} characters` : 'missing or not a string'})`,
  };
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
const A_TIME = {
  message: ({ property }: ValidationArguments) => `${property} must be a time like 2026-01-02T03:04:05.678Z`,
};

/** A time like `2026-01-02T03:04:05.678Z`, in UTC, on a day that exists. */
export function IsTime(): PropertyDecorator {
  return applyDecorators(Matches(TIME, A_TIME), IsISO8601({ strict: true }, A_TIME));
}

/** The field must be given when the other field is. */
export function GoesWith(other: string): PropertyDecorator {
  const isAlone = (object: object, property: string): boolean =>
    (object as Record<string, unknown>)[property] === undefined &&
    (object as Record<string, unknown>)[other] !== undefined;
  return (target, property) => {
    // The rule is on the other field: class-validator skips the rules of an optional field that is left out.
    registerDecorator({
      name: 'goesWith',
      target: target.constructor,
      propertyName: other,
      validator: {
        validate: (_value, args) => !isAlone((args as ValidationArguments).object, String(property)),
        defaultMessage: () => `${String(property)} must be given together with ${other}`,
      },
    });
  };
}

/** @param faultOf what is wrong, to follow "must"; `null` for a good value. It is asked about a field that is left out, too. */
export function rule(
  name: string,
  faultOf: (value: unknown, object: Readonly<Record<string, unknown>>) => string | null,
): PropertyDecorator {
  const fault = (args: ValidationArguments | undefined) =>
    faultOf(args?.value, (args?.object ?? {}) as Record<string, unknown>);
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (_value, args) => fault(args) === null,
        defaultMessage: (args) => `${args?.property} must ${fault(args)}`,
      },
    });
  };
}
