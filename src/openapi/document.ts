/**
 * The OpenAPI document, of what is written beside the routes: their types and comments, which swagger's plugin reads out of
 * the source, the rules of their DTO classes, and the decorators of `http/described.ts`. Loads @nestjs/swagger, as nothing
 * that runs does.
 */

import type { INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ApiSchema, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type Class, TAGS } from '../http/answers/described.js';
import { isClosed } from '../http/answers/validation.js';
import { VERSION } from '../kernel/version.js';
import { ErrorAnswers } from './error-answers.js';
import { completeOperation, type Operation } from './operation.js';
import { routesOf } from './routes.js';
import { nameOf, schemasOfRules } from './rules.js';
import { completeSchemas, type Schemas } from './schemas.js';
import { addSecuritySchemes } from './security.js';

/** What the plugin found: of each file its classes, and of each class its properties, or its handlers. */
export interface PluginMetadata {
  readonly '@nestjs/swagger': Readonly<
    Record<'models' | 'controllers', [Promise<Record<string, Class>>, ClassesFound][]>
  >;
}
type ClassesFound = Record<string, Record<string, Record<string, unknown>>>;

const ABOUT = `Stands between WeCom customer service (微信客服) and the bots that answer: verifies, opens and delivers every callback.

Routes are protected as soon as one role has a secret. Until then only this machine may call the manager, and needs no secret.
An error's \`error\` is a stable code, and its \`message\` says what to do; \`docs/reference/errors.md\` lists them all. A path that is none
of these is 404 \`ROUTE_NOT_FOUND\`, another method 405 \`ROUTE_METHOD_NOT_ALLOWED\`.`;

const HEADERS = {
  'X-Request-Id': {
    description: "The caller's own, or a new one; it stands in the log.",
    schema: { type: 'string' },
    example: '7d793037a0760186',
  },
  'Retry-After': {
    description: 'Seconds after which it is worth trying again, where that is known.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
  },
  'Set-Cookie': {
    description:
      'The session: `HttpOnly`, `SameSite=Strict`, and where the request came by https, `Secure` and as `__Host-wxkf_session`.',
    schema: { type: 'string' },
    example: 'wxkf_session=…; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict',
  },
  'WWW-Authenticate': {
    description: 'The ways in which a secret may be sent.',
    schema: { type: 'string' },
    example: 'Bearer realm="wxkf-manager"',
  },
};

/** @param app need not be started. */
export async function createDocument(app: INestApplication, found: PluginMetadata): Promise<object> {
  const { answers, closed } = await addRules(found);
  await SwaggerModule.loadPluginMetadata(async () => found);
  const routes = routesOf(app.get(ModulesContainer));
  const document = SwaggerModule.createDocument(app, toBase(), {
    autoTagControllers: false,
    operationIdFactory: (_controller, handler) => handler,
    extraModels: answers,
  });
  const schemas = completeSchemas((document.components?.schemas ?? {}) as unknown as Schemas, closed);
  const errors = new ErrorAnswers();
  for (const [path, operations] of Object.entries(document.paths)) {
    const byMethod = operations as Record<string, Operation>;
    for (const [method, operation] of Object.entries(byMethod)) {
      const route = routes.get(operation.operationId);
      if (route === undefined) throw new Error(`nothing is told of ${method} ${path}`);
      byMethod[method] = completeOperation({ method, path, operation, route, schemas, errors });
    }
  }
  return {
    ...document,
    components: { ...document.components, schemas, headers: HEADERS, examples: errors.examples },
  };
}

/**
 * So that swagger knows them of a property as if the plugin had read them, and each class under its name in the document.
 * @returns the classes of answers, and the names of requests that refuse unknown fields.
 */
async function addRules(found: PluginMetadata) {
  const answers: Class[] = [];
  const closed = new Set<string>();
  for (const [file, classes] of found['@nestjs/swagger'].models) {
    const exported = await file;
    for (const [name, properties] of Object.entries(classes)) {
      const type = exported[name];
      if (type === undefined) throw new Error(`there is no class ${name}`);
      ApiSchema({ name: nameOf(type) })(type);
      if (nameOf(type) !== name) answers.push(type);
      if (isClosed(type)) closed.add(nameOf(type));
      for (const [property, rules] of schemasOfRules(type)) {
        if (property in properties) Object.assign(properties[property] as object, rules);
      }
    }
  }
  return { answers, closed };
}

function toBase(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('WXKF-Manager')
    .setDescription(ABOUT)
    .setVersion(VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The manager that this document is from.');
  for (const [tag, description] of Object.entries(TAGS)) builder.addTag(tag, description);
  addSecuritySchemes(builder);
  return builder.build();
}
