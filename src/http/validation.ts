import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { validateSync } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { parse } from 'secure-json-parse';
import { AppError } from '../kernel/app-error.js';

type Dto<T extends object> = new () => T;

/**
 * The body as a checked DTO. JSON is asked for by its Content-Type, since a page of another site can
 * send any other type without asking first.
 */
export const JsonBody = createParamDecorator(
  <T extends object>(dto: Dto<T>, context: ExecutionContext): T => {
    const { headers, body } = context.switchToHttp().getRequest<FastifyRequest>();
    return parseJsonBody(dto, headers['content-type'], body);
  },
);

/** @throws AppError `REQUEST_TYPE_UNSUPPORTED`, `REQUEST_BODY_NOT_JSON`, `REQUEST_INVALID` */
export function parseJsonBody<T extends object>(
  dto: Dto<T>,
  contentType: string | undefined,
  body: unknown,
): T {
  if (!/^application\/json\s*(;|$)/i.test(contentType ?? '')) throw new AppError('REQUEST_TYPE_UNSUPPORTED');
  let value: unknown;
  try {
    value = parse(body instanceof Buffer ? body.toString('utf8') : '', { protoAction: 'error' });
  } catch {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('REQUEST_BODY_NOT_JSON');
  }
  return validated(dto, value);
}

/**
 * The known fields of `values`, checked. Unknown ones are dropped, since clients send more than we know;
 * `null` counts as left out, and `constructor` would be taken for the class.
 * @throws AppError `REQUEST_INVALID` naming every wrong field.
 */
export function validated<T extends object>(dto: Dto<T>, values: object): T {
  const given = Object.entries(values).filter(([name, value]) => value !== null && name !== 'constructor');
  const instance = Object.assign(new dto(), Object.fromEntries(given));
  const errors = validateSync(instance, { whitelist: true, stopAtFirstError: true });
  if (errors.length > 0) {
    const detail = errors.flatMap(({ constraints }) => Object.values(constraints ?? {})).join('; ');
    throw new AppError('REQUEST_INVALID', { detail });
  }
  return instance;
}
