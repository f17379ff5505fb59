/** Schemas of what is sent, from the rules that it is checked by. */
import { getMetadataStorage } from 'class-validator';
import { ENDPOINT_LENGTH_MAX } from '../kernel/wecom-format.js';
import type { Parameter, Schema } from './description.js';

type Dto = new () => object;

/** What the rules do not tell. */
interface Words {
  readonly description: string;
  readonly example?: unknown;
}

/** A schema by words on each field; the fields and their rules are the class's. */
export function schemaOfDto(dto: Dto, words: Readonly<Record<string, Words>>): Schema {
  const fields = fieldsOf(dto);
  const properties = Object.entries(fields).map(([name, { schema, isRequired }]) => [
    name,
    {
      ...schema,
      // `null` counts as left out.
      ...(!isRequired && { type: ['string', 'null'] }),
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
    ...words[name],
    schema,
  }));
}

interface Field {
  readonly schema: Schema;
  readonly isRequired: boolean;
}

function fieldsOf(dto: Dto): Readonly<Record<string, Field>> {
  const fields: Record<string, Field> = {};
  for (const { propertyName, type, name, constraints } of getMetadataStorage().getTargetValidationMetadatas(
    dto,
    '',
    false,
    false,
  )) {
    const { schema, isRequired } = fields[propertyName] ?? { schema: { type: 'string' }, isRequired: true };
    fields[propertyName] = {
      schema: { ...schema, ...ruleToSchema(name, constraints?.[0]) },
      isRequired: isRequired && type !== 'conditionalValidation',
    };
  }
  return fields;
}

function ruleToSchema(name: string | undefined, constraint: unknown): Schema {
  if (name === 'matches') return { pattern: (constraint as RegExp).source };
  if (name === 'maxLength') return { maxLength: constraint };
  if (name === 'isEndpoint') return { format: 'uri', maxLength: ENDPOINT_LENGTH_MAX };
  return {};
}
