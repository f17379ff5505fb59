/**
 * What is used of class-validator, part by part. Its own index loads every validator that there is, and the telephone
 * numbers of the world: 300 files, which take 90 ms of the start and 15 MB.
 */
import { createRequire } from 'node:module';
import type * as ClassValidator from 'class-validator';
import type { ValidatorOptions } from 'class-validator';

export type { ValidationArguments } from 'class-validator';

const load = createRequire(import.meta.url);

/** The index has all under the same names. */
function partOf(path: string): typeof ClassValidator {
  return load(`class-validator/cjs/${path}.js`);
}

export const { ArrayMaxSize } = partOf('decorator/array/ArrayMaxSize');
export const { IsArray } = partOf('decorator/typechecker/IsArray');
export const { IsBoolean } = partOf('decorator/typechecker/IsBoolean');
export const { IsIn } = partOf('decorator/common/IsIn');
export const { IsISO8601 } = partOf('decorator/string/IsISO8601');
export const { IsOptional } = partOf('decorator/common/IsOptional');
export const { IsString } = partOf('decorator/typechecker/IsString');
export const { Matches } = partOf('decorator/string/Matches');
export const { MaxLength } = partOf('decorator/string/MaxLength');
export const { getMetadataStorage } = partOf('metadata/MetadataStorage');
export const { registerDecorator } = partOf('register-decorator');

const validator = new (partOf('validation/Validator').Validator)();

/** As class-validator's own, with one Validator for all. */
export function validateSync(object: object, options: ValidatorOptions): ClassValidator.ValidationError[] {
  return validator.validateSync(object, options);
}
