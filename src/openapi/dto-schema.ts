/** Schemas of what is sent, from the rules that it is checked by. */
import { getMetadataStorage } from '../kernel/class-validator.js';
import { ENDPOINT_LENGTH_MAX } from '../kernel/wecom-format.js';
import type { Parameter, Schema } from './description.js';

type Dto = new () => object;

/** What the rules do not tell. */
interface Words {
  readonly description: string;
  readonly example?: unknown;
  /** In place of what the rules say, where they are about a number as text. */
  readonly schema?: Schema;
}

/** A schema by words on each field; the fields and their rules are the class's. */
export function schemaOfDto(dto: Dto, words: Readonly<Record<string, Words>>): Schema {
  const fields = fieldsOf(dto);
  const properties = Object.entries(fields).map(([name, { schema, isRequired }]) => [
    name,
    {
      ...schema,
      // `null` counts as left out.
      ...(!isRequired && { type: [schema.type, 'null'].flat() }),
      description: words[name]?.description ?? '',
      ...(words[name]?.example !== undefined && { examples: [words[name].example] }),
    },
  ]);
  const required = Object.keys(fields).filter((name) => fields[name]?.isRequired);
  return { type: 'object', required, properties: Object.fromEntries(properties) };
}

/** The same for a query. */
export function queryOfDto(dto: Dto, words: Readonly<Record<string, Words>>): Parameter[] {
  return Object.entries(fieldsOf(dto)).map(([name, { schema, isRequired }]) => ({
    name,
    in: 'query',
    required: isRequired,
    description: '',
    schema,
    ...words[name],
  }));
}

interface Field {
  readonly schema: Schema;
  readonly isRequired: boolean;
}

function fieldsOf(dto: Dto): Readonly<Record<string, Field>> {
  const fields: Record<string, Field> = {};
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  for (const { propertyName, type, name, constraints, each } of rules) {
    const { schema, isRequired } = fields[propertyName] ?? { schema: {}, isRequired: true };
    const rule = toSchema(name, constraints?.[0]);
    fields[propertyName] = {
      schema: each ? { ...schema, items: { ...(schema.items as Schema), ...rule } } : { ...schema, ...rule },
      isRequired: isRequired && type !== 'conditionalValidation',
    };
  }
  return fields;
}

/** A number, or WeCom's own digits as text. */
const CREATE_TIME: Schema = {
  type: ['integer', 'string'],
  minimum: 0,
  maximum: 999_999_999_999,
  pattern: '^\\d{1,12}$',
};

/** @returns `{}` for what says nothing of the form. */
function toSchema(rule: string | undefined, constraint: unknown): Schema {
  if (rule === 'isString' || rule === 'isCursor') return { type: 'string' };
  if (rule === 'isIn') return { type: 'string', enum: constraint };
  if (rule === 'matches') return { type: 'string', pattern: (constraint as RegExp).source };
  if (rule === 'maxLength') return { type: 'string', maxLength: constraint };
  if (rule === 'isEndpoint') return { type: 'string', format: 'uri', maxLength: ENDPOINT_LENGTH_MAX };
  if (rule === 'isCreateTime') return CREATE_TIME;
  if (rule === 'isArray') return { type: 'array' };
  if (rule === 'arrayMaxSize') return { maxItems: constraint };
  return {};
}
