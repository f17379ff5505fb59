import { registerDecorator, type ValidationArguments } from 'class-validator';

/** The field is given if the other one is. */
export function GoesWith(other: string): PropertyDecorator {
  const isAlone = (object: object, property: string): boolean =>
    (object as Record<string, unknown>)[property] === undefined &&
    (object as Record<string, unknown>)[other] !== undefined;
  return (target, property) => {
    // On the other field, so that one which is left out is looked at as well.
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
