/**
 * Makes the OpenAPI document from the routes: from their types and comments, which swagger's plugin reads in the source, from the
 * rules of their DTO classes, and from swagger's decorators. Only the build uses this file: it loads @nestjs/swagger, which the
 * running manager does not.
 */

import type { INestApplication } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ApiSchema, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyContextConfig } from 'fastify';
import { ERRORS_OF_ROUTE } from '../http/answers/swagger.js';
import { isClosed } from '../http/answers/validation.js';
import { routeConfigOf } from '../http/routes/route-config.js';
import type { ErrorCode } from '../kernel/error-table.js';
import { VERSION } from '../kernel/version.js';
import { codesOf, ErrorAnswers } from './error-answers.js';
import { type Class, nameOf, refTo, schemasOfRules } from './rules.js';
import { completeSchemas, type Schemas } from './schemas.js';
import { addSecuritySchemes, securityOf } from './security.js';

/** What the plugin found: the classes of each file, with their properties or handlers. */
export interface PluginMetadata {
  readonly '@nestjs/swagger': Readonly<
    Record<'models' | 'controllers', [Promise<Record<string, Class>>, ClassesFound][]>
  >;
}
type ClassesFound = Record<string, Record<string, Record<string, unknown>>>;

const ABOUT = `Stands between WeCom customer service (微信客服) and the bots that answer: verifies, opens and delivers every callback.

Routes are protected as soon as one role has a secret. Until then only this machine may call the manager, and needs no secret.
An error's \`error\` is a stable code, and its \`message\` says what to do; [the guide](/docs/guide/reference/errors) lists them all. A path that is none
of these is 404 \`ROUTE_NOT_FOUND\`, another method 405 \`ROUTE_METHOD_NOT_ALLOWED\`.`;

/** The groups of routes, by their readers, in the order of the page. */
const TAGS = {
  operators: 'What is registered, waits or failed, and how to mend it.',
  puppets: 'Bots: how they register, and reach WeCom through the manager.',
  gateways: 'Gateways that open callbacks themselves.',
  wecom: 'What WeCom calls.',
  monitoring: 'Probes and metrics.',
  bots: 'Bots that an operator added, with their keys.',
  console: 'The web console.',
  documents: 'This document, and the guide.',
};

const HEADERS = {
  'X-Request-Id': {
    description: "The caller's own id, or a new one. The log line of the request has it.",
    schema: { type: 'string' },
    example: '7d793037a0760186',
  },
  'Retry-After': {
    description: 'Seconds after which to try again, when that is known.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
  },
  'WWW-Authenticate': {
    description: 'The ways in which a secret can be sent.',
    schema: { type: 'string' },
    example: 'Bearer realm="wxkf-manager"',
  },
};
const EACH_ANSWER = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } };

/** The property of an operation that names its callers: roles, or `anyone`, `bots`, which have no security scheme. */
const ALLOWED_CALLERS = 'x-allowed-callers';

/** @param app need not be started. */
export async function createDocument(app: INestApplication, found: PluginMetadata): Promise<object> {
  const { answers, closed } = await addRules(found);
  await SwaggerModule.loadPluginMetadata(async () => found);
  const document = SwaggerModule.createDocument(app, toBase(), {
    autoTagControllers: false,
    operationIdFactory: (_controller, handler) => handler,
    extraModels: answers,
  });
  const [routes, errors] = [routesOf(app.get(ModulesContainer), found), new ErrorAnswers()];
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      complete({ method, path, operation, errors, ...(routes.get(operation.operationId) as Route) });
    }
  }
  const schemas = completeSchemas((document.components?.schemas ?? {}) as unknown as Schemas, closed);
  const components = { ...document.components, schemas, headers: HEADERS, examples: errors.examples };
  return toMarkdown({ ...document, components });
}

/**
 * Adds the rules of DTO classes to what the plugin found, and gives each class its name in the document.
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

interface Route {
  readonly config: FastifyContextConfig;
  readonly ownErrors: readonly ErrorCode[];
  /** The class that the handler returns. */
  readonly returned: Class | undefined;
}

/** By the name of the handler, which is also the operation's id. */
function routesOf(modules: ModulesContainer, found: PluginMetadata): ReadonlyMap<string, Route> {
  const classes = found['@nestjs/swagger'].controllers.map(([, ofFile]) => Object.entries(ofFile));
  const returned = Object.fromEntries(classes.flat().flatMap(([, handlers]) => Object.entries(handlers)));
  const routes = new Map<string, Route>();
  const scanner = new MetadataScanner();
  for (const { metatype } of [...modules.values()].flatMap(({ controllers }) => [...controllers.values()])) {
    const prototype = metatype?.prototype as Record<string, object>;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = prototype[name] as object;
      const config = routeConfigOf(handler);
      if (config === undefined) continue;
      if (routes.has(name)) throw new Error(`two handlers have the name ${name}`);
      const ownErrors: ErrorCode[] = Reflect.getMetadata(ERRORS_OF_ROUTE, handler) ?? [];
      routes.set(name, { config, ownErrors, returned: returned[name]?.['type'] as Class | undefined });
    }
  }
  return routes;
}

/** An operation as swagger makes it. */
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly schema: { readonly pattern?: string } }[];
  responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, object>>;
  readonly headers?: object;
}

interface ToComplete extends Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly errors: ErrorAnswers;
}

/** Adds to an operation its callers, the class that it returns, and its errors. */
function complete({ method, path, operation, errors, config, ownErrors, returned }: ToComplete): void {
  const { allowedCallers = 'anyone', allowsBots = false } = config;
  const { responses, parameters = [] } = operation;
  const isJudged = parameters.some((one) => one.in === 'query' || one.schema.pattern !== undefined);
  const failures = errors.of(codesOf(method, config, isJudged, ownErrors), path);
  // When a route passes on any status of WeCom, our own status may also come with WeCom's body.
  const passedOn = responses['default']?.content;
  const entries = Object.entries<Response>({ ...failures, ...responses }).map(([status, answer]) => {
    const { content = status in responses ? contentOf(returned) : undefined } = answer;
    return [
      status,
      {
        ...answer,
        ...(content && { content: { ...passedOn, ...content } }),
        headers: { ...answer.headers, ...EACH_ANSWER },
      },
    ];
  });
  operation.responses = Object.fromEntries(entries);
  const security = securityOf(allowedCallers, allowsBots);
  Object.assign(operation, { security, [ALLOWED_CALLERS]: allowedCallers });
}

function contentOf(returned: Class | undefined) {
  if (returned === undefined || returned === Object) return undefined;
  return { 'application/json': { schema: { $ref: refTo(returned) } } };
}

/** Makes Markdown of comments: removes the full stop of a summary, and joins lines that are broken only in the source. */
function toMarkdown(document: object): object {
  return JSON.parse(JSON.stringify(document), (key, value) => {
    if (typeof value !== 'string') return value;
    if (key === 'summary') return value.replace(/\.$/, '');
    return key === 'description' ? value.replace(/(?<!\n)\n(?!\n|- )/g, ' ') : value;
  });
}
