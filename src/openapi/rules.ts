/** Makes schemas of class-validator's rules, which swagger's plugin does not read. */
import { getMetadataStorage } from 'class-validator';
import { ENDPOINT_LENGTH_MAX } from '../kernel/wecom-format.js';

/** A class with any constructor. */
export type Class = new (...args: never[]) => object;

/** A JSON Schema of OpenAPI 3.1. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schema of each field. `required: false` means that the field can be left out. */
export function schemasOfRules(dto: Class): ReadonlyMap<string, Schema> {
  const fields = new Map<string, Schema>();
  for (const rule of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    const schema = rule.type === 'conditionalValidation' ? { required: false } : toSchema(rule.name, rule);
    const known = fields.get(rule.propertyName);
    const { items } = { items: {}, ...known };
    const added = rule.each ? { items: { ...(items as Schema), ...schema } } : schema;
    fields.set(rule.propertyName, { ...known, ...added });
  }
  return fields;
}

/** A number, or digits as text, as WeCom writes them. */
const CREATE_TIME: Schema = {
  type: undefined,
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 999_999_999_999 },
    { type: 'string', pattern: '^\\d{1,12}$' },
  ],
};

/** Where customers go who are handed over. */
const DESTINATION: Schema = {
  type: undefined,
  anyOf: [
    { type: 'string', enum: ['pool'] },
    {
      type: 'object',
      properties: { servicers: { type: 'array', items: { type: 'string' } } },
      required: ['servicers'],
      additionalProperties: false,
    },
  ],
};

/** @returns `{}` for a rule that says nothing about the form. */
function toSchema(rule: string | undefined, { constraints }: { constraints?: readonly unknown[] }): Schema {
  const [constraint, other] = constraints ?? [];
  if (rule === 'isString') return { type: 'string' };
  if (rule === 'isIn') return { enum: constraint };
  if (rule === 'isInt') return { type: 'integer' };
  if (rule === 'min') return { minimum: constraint };
  if (rule === 'matches') return { pattern: (constraint as RegExp).source.replaceAll('\\/', '/') };
  if (rule === 'maxLength') return { maxLength: constraint };
  if (rule === 'isIso8601') return { format: 'date-time' };
  if (rule === 'isEndpoint') return { format: 'uri', maxLength: ENDPOINT_LENGTH_MAX };
  if (rule === 'isCreateTime') return CREATE_TIME;
  // In a query this is text that stands for a number.
  if (rule === 'isLimit') return { type: 'integer', minimum: 1, maximum: constraint, default: other };
  if (rule === 'isDestination') return DESTINATION;
  if (rule === 'arrayMaxSize') return { maxItems: constraint };
  if (rule === 'isPartsOf') return { additionalProperties: { $ref: refTo(constraint as Class) } };
  return {};
}

/** The name of the class's schema: without the ending `Answer`. */
export function nameOf({ name }: Class): string {
  return name.replace(/Answer$/, '');
}

export function refTo(type: Class): string {
  return `#/components/schemas/${nameOf(type)}`;
}
