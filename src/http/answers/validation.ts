/**
 * Validates requests against DTO classes with Nest's ValidationPipe. Three things differ from that: bodies are bytes; fields
 * that a DTO does not have are ignored, unless the DTO refuses them; errors are those of our table.
 */
import { isUtf8 } from 'node:buffer';
import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { parse } from 'secure-json-parse';
import { AppError } from '../../kernel/app-error.js';
import { getMetadataStorage, registerDecorator, type ValidationError, validateSync } from 'class-validator';
import type { JsonBytes } from '../limits/bodies.js';

type Dto<T extends object> = new () => T;

const OPTIONS = { stopAtFirstError: true };
/** A rule has one message, and that of a nested object names several fields. */
const BETWEEN_FAULTS = '\n';
/** The context of a rule whose field may be `null`, which does not count as left out. */
const NULL_COUNTS = { isNullKept: true };

/** Validates everything that handlers get by `@Body()`, `@Query()` and `@Param()`. */
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      ...OPTIONS,
      transform: true,
      // Without promises, since no rule here waits for anything.
      validatorPackage: { validate: (object, options) => validateSync(object as object, options ?? {}) },
      // class-transformer would also copy fields that no DTO has, and would recurse as deeply as the sender nests.
      transformerPackage: {
        plainToInstance: (dto, values) => knownFieldsOf(dto as Dto<never>, values as object),
        classToPlain: (instance) => ({ ...(instance as object) }),
      },
      exceptionFactory: (errors) => invalid(errors as ValidationError[]),
    });
  }

  /** @throws AppError as `parseJsonBody` */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return super.transform(metadata.type === 'body' ? parseJson(value as JsonBytes) : value, metadata);
  }

  /** JSON arrays have no holes. Looking for them in 64 kB of brackets would block the event loop for 50 ms. */
  protected override closeArrayGaps(): void {}

  /** The parser has left these keys out already. */
  protected override stripProtoKeys(): void {}
}

/**
 * For a route that counts its refusals: a pipe would refuse before the route begins.
 * @param body undefined when there is none.
 * @throws AppError `REQUEST_TYPE_UNSUPPORTED`, `REQUEST_BODY_NOT_JSON`, `REQUEST_INVALID`
 */
export function parseJsonBody<T extends object>(dto: Dto<T>, body: JsonBytes | undefined): T {
  return validated(dto, parseJson(body));
}

/** Leaves out `__proto__` and `constructor.prototype`, like every unknown field. */
const SAFELY = { protoAction: 'remove', constructorAction: 'remove' } as const;

/**
 * Requires the Content-Type of JSON. A page of another site can send the types of forms without a preflight request, but not
 * this one.
 */
function parseJson(body: JsonBytes | undefined): object {
  if (!/^application\/json\s*(;|$)/i.test(body?.contentType ?? ''))
    throw new AppError('REQUEST_TYPE_UNSUPPORTED');
  const bytes = body?.bytes ?? Buffer.alloc(0);
  let value: unknown;
  try {
    value = isUtf8(bytes) ? parse(bytes.toString('utf8'), SAFELY) : undefined;
  } catch {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  return value;
}

/**
 * Validates values that do not pass a pipe.
 * @throws AppError `REQUEST_INVALID` naming every wrong field.
 */
export function validated<T extends object>(dto: Dto<T>, values: object): T {
  const instance = knownFieldsOf(dto, values);
  const errors = validateSync(instance, OPTIONS);
  if (errors.length > 0) throw invalid(errors);
  return instance;
}

/** Lists what is wrong with the values, field by field. Throws nothing. */
export function faultsIn(dto: Dto<object>, values: object): string[] {
  return [...faultsByField(dto, values).values()].flat();
}

/** By the field of `dto` that they are about. Throws nothing. */
export function faultsByField(dto: Dto<object>, values: object): ReadonlyMap<string, readonly string[]> {
  const errors = validateSync(knownFieldsOf(dto, values), OPTIONS);
  const byField = Map.groupBy(errors, ({ property }) => property.split(OF_SEVERAL, 1)[0] ?? '');
  return new Map([...byField].map(([field, all]) => [field, messagesOf(all)]));
}

/** Ends the name of a field in the name under which class-validator knows a rule of `Refuses`. */
const OF_SEVERAL = ' ';
let count = 0;

/**
 * Rules that look at several fields. They are asked besides the rules of the field, and about one that is left out, too: class-validator
 * would skip them there, and a rule of a class would replace the inherited ones of its field.
 * @param rules by the field that each is about: what is wrong, a sentence that begins with the name of the field; else `null`.
 */
export function Refuses<T extends object>(
  rules: Readonly<Record<string, (values: T) => string | null>>,
): ClassDecorator {
  return (dto) => {
    for (const [field, faultOf] of Object.entries(rules)) {
      registerDecorator({
        name: 'refuses',
        target: dto,
        propertyName: `${field}${OF_SEVERAL}${++count}`,
        validator: {
          validate: (_value, args) => faultOf(args?.object as T) === null,
          defaultMessage: (args) => faultOf(args?.object as T) ?? '',
        },
      });
    }
  };
}

function invalid(errors: readonly ValidationError[]): AppError {
  return new AppError('REQUEST_INVALID', { detail: messagesOf(errors).join('; ') });
}

function messagesOf(errors: readonly ValidationError[]): string[] {
  return errors.flatMap(({ constraints }) =>
    Object.values(constraints ?? {}).flatMap((message) => message.split(BETWEEN_FAULTS)),
  );
}

/** The field is an object that follows the rules of `dto`. Read it with `knownFieldsOf`. */
export function IsNested(dto: Dto<object>): PropertyDecorator {
  return nested((value, name) => nestedFaults(dto, value, name));
}

/** As `IsNested`, where the object itself says by which class it is judged. */
export function IsNestedBy(choose: (value: object) => Dto<object>): PropertyDecorator {
  return nested((value, name) => nestedFaults(isObject(value) ? choose(value) : Object, value, name));
}

/** As `IsNested`, and the field may be `null`, which does not count as left out. */
export function IsNestedOrNull(dto: Dto<object>): PropertyDecorator {
  return nested((value, name) => (value === null ? [] : nestedFaults(dto, value, name)), NULL_COUNTS);
}

/** Each member of the list is an object that follows the rules of `dto`. Another rule says that it is a list. */
export function AreNested(dto: Dto<object>): PropertyDecorator {
  return nested((value, name) =>
    (Array.isArray(value) ? value : []).flatMap((one, n) => nestedFaults(dto, one, `${name}[${n}]`)),
  );
}

function nested(faultsOf: (value: unknown, name: string) => string[], context?: object): PropertyDecorator {
  return (target, property) => {
    const name = String(property);
    registerDecorator({
      name: 'isNested',
      target: target.constructor,
      propertyName: name,
      options: { context },
      validator: {
        validate: (value) => faultsOf(value, name).length === 0,
        defaultMessage: (args) => faultsOf(args?.value, name).join(BETWEEN_FAULTS),
      },
    });
  };
}

function nestedFaults(dto: Dto<object>, value: unknown, name: string): string[] {
  if (!isObject(value)) return [`${name} must be an object`];
  return faultsIn(dto, value).map((fault) => `${name}.${fault}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Picks the fields of `values` that the DTO has. Other fields are left out, since clients send more than we know. Fields that
 * are `null` are left out, too, unless their null counts. A DTO with `RefusesUnknownFields` refuses both.
 * @throws AppError `REQUEST_INVALID`
 */
export function knownFieldsOf<T extends object>(dto: Dto<T>, values: object): T {
  const instance = new dto();
  const rules = rulesOf(dto);
  const fields = new Set(rules.map(({ propertyName }) => propertyName));
  if (isClosed(dto)) refuseDoubtful(fields, values);
  const nullable = rules.filter(({ context }) => context === NULL_COUNTS);
  for (const name of fields) {
    if (!Object.hasOwn(values, name)) continue;
    const value: unknown = values[name as keyof typeof values];
    if (value !== null || nullable.some(({ propertyName }) => propertyName === name))
      Object.assign(instance, { [name]: value });
  }
  return instance;
}

const CLOSED = new WeakSet<object>();

/**
 * Refuses fields that the DTO does not have, and `null`. It is for requests that act on everything unless a field narrows them:
 * with a mistyped field, or a value that a program lacks, they would act on more than was meant.
 */
export function RefusesUnknownFields(): ClassDecorator {
  return (dto) => void CLOSED.add(dto);
}

export function isClosed(dto: object): boolean {
  return CLOSED.has(dto);
}

const NAME_LENGTH_SHOWN_MAX = 40;

function refuseDoubtful(fields: ReadonlySet<string>, values: object): void {
  const empty = Object.entries(values).find(([name, value]) => value === null && fields.has(name));
  if (empty !== undefined) {
    throw new AppError('REQUEST_INVALID', {
      detail: `${empty[0]} must not be null; give it a value, or leave it out`,
    });
  }
  const other = Object.keys(values).find((name) => !fields.has(name));
  if (other === undefined) return;
  const known = [...fields].sort().join(', ');
  const detail = `${other.slice(0, NAME_LENGTH_SHOWN_MAX)} is not known here; leave it out, or use one of ${known}`;
  throw new AppError('REQUEST_INVALID', { detail });
}

/** The rules of all fields of the class. */
function rulesOf(dto: Dto<object>) {
  return getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
}
