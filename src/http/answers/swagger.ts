/**
 * The decorators of @nestjs/swagger that routes use. The package takes 110 ms and 20 MB to load, so only the build loads it,
 * which makes the OpenAPI document. Everywhere else these decorators do nothing.
 */
import { SetMetadata } from '@nestjs/common';
import type * as Swagger from '@nestjs/swagger';
import type { ErrorCode } from '../../kernel/error-table.js';

let swagger: typeof Swagger | null = null;

/** Has to be called before the first controller is loaded. */
export function documentWith(loaded: typeof Swagger): void {
  swagger = loaded;
}

type DecoratorName = Extract<keyof typeof Swagger, `Api${string}`>;

function decorator<Name extends DecoratorName>(name: Name): (typeof Swagger)[Name] {
  const describe = (...options: never[]): unknown =>
    swagger === null ? () => {} : (swagger[name] as (...options: never[]) => unknown)(...options);
  return describe as (typeof Swagger)[Name];
}

export const ApiTags = decorator('ApiTags');
export const ApiParam = decorator('ApiParam');
export const ApiQuery = decorator('ApiQuery');
export const ApiHeader = decorator('ApiHeader');
export const ApiConsumes = decorator('ApiConsumes');
export const ApiBody = decorator('ApiBody');
export const ApiResponse = decorator('ApiResponse');
export const ApiOkResponse = decorator('ApiOkResponse');

export const ERRORS_OF_ROUTE = 'wxkf:errors';

/** The errors of the route itself. The document adds those of all routes of its kind. */
export function Errors(...codes: ErrorCode[]): MethodDecorator {
  return SetMetadata(ERRORS_OF_ROUTE, codes);
}
