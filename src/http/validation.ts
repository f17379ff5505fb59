import { isUtf8 } from 'node:buffer';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { parse } from 'secure-json-parse';
import { AppError } from '../kernel/app-error.js';
import { getMetadataStorage, validateSync } from '../kernel/class-validator.js';

type Dto<T extends object> = new () => T;

/** The body as a checked DTO. */
export const JsonBody = createParamDecorator(<T extends object>(dto: Dto<T>, context: ExecutionContext): T =>
  parseJsonBody(dto, context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The query as a checked DTO; what is left out in it is `undefined`. */
export const Query = createParamDecorator(<T extends object>(dto: Dto<T>, context: ExecutionContext): T => {
  const { query } = context.switchToHttp().getRequest<FastifyRequest>();
  return validated(dto, query as object);
});

/** `__proto__` and `constructor.prototype` are left out, as every field that we do not know. */
const SAFELY = { protoAction: 'remove', constructorAction: 'remove' } as const;

/**
 * JSON is asked for by its Content-Type, since a page of another site can send any other type without
 * asking first.
 * Of a route that takes a body of JSON.
 * @throws AppError `REQUEST_TYPE_UNSUPPORTED`, `REQUEST_BODY_NOT_JSON`, `REQUEST_INVALID`
 */
export function parseJsonBody<T extends object>(
  dto: Dto<T>,
  { headers, body }: Pick<FastifyRequest, 'headers' | 'body'>,
): T {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    throw new AppError('REQUEST_TYPE_UNSUPPORTED');
  const bytes = body instanceof Buffer ? body : Buffer.alloc(0);
  let value: unknown;
  try {
    value = isUtf8(bytes) ? parse(bytes.toString('utf8'), SAFELY) : undefined;
  } catch {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  return validated(dto, value);
}

/**
 * The fields of `values` that the DTO has, checked. Others are left out, since clients send more than we
 * know; `null` counts as left out too.
 * @throws AppError `REQUEST_INVALID` naming every wrong field.
 */
export function validated<T extends object>(dto: Dto<T>, values: object): T {
  const instance = new dto();
  for (const name of fieldsOf(dto)) {
    const value = Object.hasOwn(values, name) ? values[name as keyof typeof values] : null;
    if (value !== null) Object.assign(instance, { [name]: value });
  }
  const errors = validateSync(instance, { stopAtFirstError: true });
  if (errors.length > 0) {
    const detail = errors.flatMap(({ constraints }) => Object.values(constraints ?? {})).join('; ');
    throw new AppError('REQUEST_INVALID', { detail });
  }
  return instance;
}

/** The properties of the class that have a rule. */
function fieldsOf(dto: Dto<object>): Set<string> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  return new Set(rules.map(({ propertyName }) => propertyName));
}
