/**
 * The decorators and mapped types of @nestjs/swagger that routes and DTO classes use. The package takes 110 ms and 20 MB to
 * load, so only the build loads it, which makes the OpenAPI document. Everywhere else these decorators do nothing, and the
 * types are those of @nestjs/mapped-types, which map the rules alone.
 */
import { SetMetadata } from '@nestjs/common';
import * as mapped from '@nestjs/mapped-types';
import type * as Swagger from '@nestjs/swagger';
import type { ErrorCode } from '../../kernel/error-table.js';

let swagger: typeof Swagger | null = null;

/** Has to be called before the first controller or DTO class is loaded. */
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

type MappedTypeName = 'PartialType' | 'PickType' | 'OmitType' | 'IntersectionType';

function mappedType<Name extends MappedTypeName>(name: Name): (typeof mapped)[Name] {
  const map = (...options: never[]): unknown =>
    ((swagger ?? mapped)[name] as (...options: never[]) => unknown)(...options);
  return map as (typeof mapped)[Name];
}

export const PartialType = mappedType('PartialType');
export const PickType = mappedType('PickType');
export const OmitType = mappedType('OmitType');
export const IntersectionType = mappedType('IntersectionType');

export const ERRORS_OF_ROUTE = 'wxkf:errors';

/** The errors of the route itself. The document adds those of all routes of its kind. */
export function Errors(...codes: ErrorCode[]): MethodDecorator {
  return SetMetadata(ERRORS_OF_ROUTE, codes);
}
