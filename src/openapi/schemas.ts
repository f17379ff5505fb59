/** The schemas of DTO classes, as OpenAPI 3.1 has them, and the examples that they add up to. */
import type { Schema } from '../http/answers/described.js';

export interface ObjectSchema {
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly required?: readonly string[];
}

interface PropertySchema extends Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly $ref?: string;
  readonly anyOf?: readonly PropertySchema[];
  readonly allOf?: readonly PropertySchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: PropertySchema;
}

export type Schemas = Readonly<Record<string, ObjectSchema>>;

/** What Terminus says of a part besides is its own. */
const OPEN = new Set(['HealthPart']);

/**
 * In the order of their names: swagger has them as the compiler comes upon them, which any import may change.
 * @param closedRequests those that refuse unknown fields.
 */
export function completeSchemas(schemas: Schemas, closedRequests: ReadonlySet<string>): Schemas {
  const byName = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    byName.map(([name, schema]) => {
      const isRequest = name.endsWith('Dto');
      const properties = Object.fromEntries(
        Object.entries(schema.properties).map(([field, property]) => {
          const isOptional = isRequest && !schema.required?.includes(field);
          return [field, completeProperty(property, isOptional)];
        }),
      );
      const isClosed = !isRequest || closedRequests.has(name);
      const closed = isClosed && { additionalProperties: OPEN.has(name) ? {} : false };
      return [name, { ...schema, properties, ...closed }];
    }),
  );
}

/** @param isOptional of a body: `null` counts as left out. */
function completeProperty(property: PropertySchema, isOptional: boolean): PropertySchema {
  const { example, description, enum: values, ...schema } = property;
  const { type, anyOf } = schema;
  return {
    ...schema,
    ...(values !== undefined &&
      (values.length === 1 ? { const: values[0] } : { enum: values.toSorted(byText) })),
    ...(isOptional && type !== undefined && { type: [...new Set([type, 'null'].flat())] }),
    ...(isOptional && anyOf !== undefined && { anyOf: [...anyOf, { type: 'null' }] }),
    ...(description !== undefined && { description: toMarkdown(description) }),
    ...(example !== undefined && { examples: [example] }),
  };
}

/** As the compiler has the values of a union, any other file may change their order, too. `null` comes last. */
function byText(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === null ? 1 : -1;
  return String(a) < String(b) ? -1 : 1;
}

/** A comment has its lines broken where the page of the source ends. */
export function toMarkdown(comment: string): string {
  return comment.replace(/(?<!\n)\n(?!\n)/g, ' ');
}

/** Made of the examples of its properties; where one has none, of its schema. */
export function exampleOf(name: string, schemas: Schemas): Record<string, unknown> {
  const { properties } = schemas[name] ?? { properties: {} };
  return Object.fromEntries(
    Object.entries(properties)
      .map(([field, property]) => [field, valueOf(property, schemas)])
      .filter(([, value]) => value !== undefined),
  );
}

function valueOf(property: PropertySchema, schemas: Schemas): unknown {
  const { examples, type, $ref, items, anyOf, allOf = anyOf } = property;
  if (examples !== undefined) return examples[0];
  if ($ref !== undefined) return exampleOf($ref.slice($ref.lastIndexOf('/') + 1), schemas);
  if (allOf?.[0] !== undefined) return valueOf(allOf[0], schemas);
  if (property.const !== undefined) return property.const;
  if ([type].flat().includes('null')) return null;
  if (property.enum !== undefined) return property.enum[0];
  if (type === 'boolean') return true;
  if (type === 'array') return items?.$ref === undefined ? [] : [valueOf(items, schemas)];
  return undefined;
}
