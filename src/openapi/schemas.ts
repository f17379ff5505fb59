/** Completes the schemas of DTO classes for OpenAPI 3.1. */
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

/** Schemas with further properties: Terminus adds figures and reasons to a part. */
const OPEN = new Set(['HealthPart']);

/**
 * Completes the schemas and orders them by name. Swagger's own order is that of the compiler, which any import can change.
 * @param closedRequests the requests that refuse unknown fields.
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

/** @param isOptional for a field of a request that can be left out: `null` counts as left out. */
function completeProperty(property: PropertySchema, isOptional: boolean): PropertySchema {
  const { enum: values, type, anyOf } = property;
  return {
    ...property,
    ...(values !== undefined && { enum: values.toSorted(byText) }),
    ...(isOptional && type !== undefined && { type: [...new Set([type, 'null'].flat())] }),
    ...(isOptional &&
      anyOf !== undefined && {
        anyOf: [...anyOf.filter(({ type: one }) => one !== 'null'), { type: 'null' }],
      }),
  };
}

/** Orders the values of a union, `null` last. The compiler's own order can change with any other file. */
function byText(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === null ? 1 : -1;
  return String(a) < String(b) ? -1 : 1;
}
