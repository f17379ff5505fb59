/**
 * The OpenAPI document: the routes as Nest has them, in the words of `areas/`. Loads @nestjs/swagger, as nothing that runs
 * does. package.json gives that package the name `nestjs-swagger`: under its own name it is an optional peer of
 * @nestjs/terminus, and npm would install it, with TypeScript, in production.
 */

import type { INestApplication } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig } from 'fastify';
import { ApiExtension, DocumentBuilder, type OpenAPIObject, SwaggerModule } from 'nestjs-swagger';
import type { AllowedCallers } from '../http/allowed-callers.js';
import { VERSION } from '../kernel/version.js';
import { AREAS } from './areas.js';
import { componentSchemas } from './components.js';
import { TAGS } from './description.js';
import { ErrorAnswers } from './error-answers.js';
import { toOperation } from './operation.js';
import { addSecuritySchemes } from './security.js';

/** Under it an operation says who may call it; without security schemes for it, where nobody is asked. */
const ALLOWED_CALLERS = 'x-allowed-callers';

const ABOUT = `Stands between WeCom customer service (微信客服) and the bots that answer: verifies, opens and delivers every callback.

Who may call a route counts once a role has a secret; until then only this machine may call the manager, and needs none.
An error's \`error\` is a stable code, and its \`message\` says what to do; \`docs/errors.md\` lists them all. A path that is none
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
export function createDocument(app: INestApplication): OpenAPIObject {
  markCallers(app.get(ModulesContainer));
  const document = SwaggerModule.createDocument(app, toBase(), { autoTagControllers: false });
  const errors = new ErrorAnswers();
  describeRoutes(document, errors);
  return {
    ...document,
    components: {
      ...document.components,
      schemas: componentSchemas(),
      headers: HEADERS,
      examples: errors.examples,
    },
  } as OpenAPIObject;
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

/** What the gate holds callers to goes along with the route. */
function markCallers(modules: ModulesContainer): void {
  const scanner = new MetadataScanner();
  const controllers = [...modules.values()].flatMap((module) => [...module.controllers.values()]);
  for (const { metatype } of controllers) {
    const prototype = metatype?.prototype as object;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
      const config: FastifyContextConfig | undefined = Reflect.getMetadata(
        FASTIFY_ROUTE_CONFIG_METADATA,
        descriptor.value,
      );
      if (config) ApiExtension(ALLOWED_CALLERS, config.allowedCallers)(prototype, name, descriptor);
    }
  }
}

function describeRoutes(document: OpenAPIObject, errors: ErrorAnswers): void {
  const paths = document.paths as Record<string, Record<string, Scanned | object>>;
  for (const [route, description] of AREAS.flatMap((area) => Object.entries(area))) {
    const [method = '', path = ''] = route.split(' ');
    const operations = paths[toDocumentPath(path)] ?? {};
    const { [ALLOWED_CALLERS]: allowed } = (operations[method.toLowerCase()] ?? {}) as Scanned;
    if (allowed === undefined) throw new Error(`there is no route ${route}`);
    const operation = toOperation(description, allowed, errors);
    operations[method.toLowerCase()] = { ...operation, [ALLOWED_CALLERS]: allowed };
  }
}

interface Scanned {
  readonly [ALLOWED_CALLERS]?: AllowedCallers;
}

function toDocumentPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');
}
