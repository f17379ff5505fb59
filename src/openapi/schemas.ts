/** The schemas of DTO classes, as OpenAPI 3.1 has them. */
import type { Schema } from './rules.js';

interface ObjectSchema {
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly required?: readonly string[];
}

interface PropertySchema extends Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
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
  const { enum: values, type, anyOf } = property;
  return {
    ...property,
    ...(values !== undefined && { enum: values.toSorted(byText) }),
    ...(isOptional && type !== undefined && { type: [...new Set([type, 'null'].flat())] }),
    ...(isOptional && anyOf !== undefined && { anyOf: [...anyOf, { type: 'null' }] }),
  };
}

/** As the compiler has the values of a union, any other file may change their order, too. `null` comes last. */
function byText(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === null ? 1 : -1;
  return String(a) < String(b) ? -1 : 1;
}
