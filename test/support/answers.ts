/** Answers as the OpenAPI document of the build promises them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const document = JSON.parse(readFileSync('dist/openapi/openapi.json', 'utf8')) as {
  readonly components: { readonly schemas: object };
};
const $defs: object = JSON.parse(
  JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
);
const schemas = new Map<string, z.ZodType>();

/** @returns the answer, which is as the document's schema of that class says, and has nothing besides. */
export function answerAs<T>(type: new () => T, answer: unknown): T {
  const name = type.name.replace(/Answer$/, '');
  const schema = schemas.get(name) ?? z.fromJSONSchema({ $defs, $ref: `#/$defs/${name}` } as never);
  schemas.set(name, schema);
  return schema.parse(answer) as T;
}
