/** Every route of the running application states who may call it, and is held to that. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/config.js';
import type { AllowedCallers } from '../../src/http/access/allowed-callers.js';
import { createHttpServer } from '../../src/http/server.js';
import { Lifecycle } from '../../src/kernel/lifecycle.js';
import { embeddedPlace } from '../support/place.js';

interface Route {
  readonly method: string;
  readonly url: string;
  readonly allowedCallers: AllowedCallers | undefined;
  readonly notForBrowsers: boolean;
}

const place = embeddedPlace();
const routes: Route[] = [];
let app: NestFastifyApplication;

beforeAll(async () => {
  const config = loadConfig({
    ...place.env,
    AUTH_PUPPET_TOKEN: 'secret-of-the-puppets',
    AUTH_GATEWAY_TOKEN: 'secret-of-the-gateways',
    AUTH_OPERATOR_TOKEN: 'secret-of-the-operators',
  });
  const [lifecycle, log] = [new Lifecycle(), pino({ level: 'silent' })];
  const server = createHttpServer(config, log);
  server.adapter
    .getInstance()
    .addHook('onRoute', ({ method, url, config: { allowedCallers, notForBrowsers = false } = {} }) => {
      for (const one of [method].flat()) routes.push({ method: one, url, allowedCallers, notForBrowsers });
    });
  const module = await AppModule.forRoot(config, log, lifecycle, server);
  app = await NestFactory.create<NestFastifyApplication>(module, server.adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: false,
  });
  await app.init();
  await server.adapter.getInstance().ready();
});

afterAll(async () => {
  await app.close();
  await place.discard();
});

/** Who asks for the first time is not told that it failed too often. */
let callers = 0;
const newCaller = (): string => `10.0.${callers >> 8}.${callers++ & 255}`;

it('finds the routes, those that Fastify adds by itself included', () => {
  const found = routes.map(({ method, url }) => `${method} ${url}`);
  expect(found).toEqual(expect.arrayContaining(['POST /callback/:corpId', 'HEAD /health/live']));
  expect(found.length).toBeGreaterThan(10);
});

it('leaves none of them without a statement', () => {
  expect(routes.filter(({ allowedCallers }) => allowedCallers === undefined)).toEqual([]);
});

it('has none of which docs/reference/api.md says something else', () => {
  const rows = [
    ...readFileSync('docs/reference/api.md', 'utf8').matchAll(/^\| `([A-Z]+) (\/\S+)` \| ([^|]+) \|/gm),
  ];
  const inPage = rows.map(([, method = '', url = '', who]) => ({ method, url, who }));
  const inCode = inPage.map(({ method, url }) => {
    const route = routes.find((one) => one.method === method && one.url === url);
    return { method, url, who: [route?.allowedCallers].flat().join(', ') };
  });
  expect(inPage).toEqual(inCode);
  expect(inPage.length).toBeGreaterThan(5);
});

it('lets nobody without credentials into any that is not open to anyone', async () => {
  for (const { method, url, allowedCallers } of routes) {
    const path = url.replaceAll(/:\w+|\*/g, 'x');
    const { statusCode } = await app.inject({
      method: method as 'GET',
      url: path,
      remoteAddress: newCaller(),
    });
    const isRefused = statusCode === 401;
    expect({ method, url, isRefused }).toEqual({ method, url, isRefused: allowedCallers !== 'anyone' });
  }
});

it('tells browsers the same with the answers of every route, and lets no cache keep what asks for a role', async () => {
  for (const { method, url, allowedCallers } of routes) {
    const path = url.replaceAll(/:\w+|\*/g, 'x');
    const { headers } = await app.inject({ method: method as 'GET', url: path, remoteAddress: newCaller() });
    expect([method, url, headers]).toEqual([
      method,
      url,
      expect.objectContaining({
        'content-security-policy': expect.stringContaining('default-src'),
        'x-content-type-options': 'nosniff',
      }),
    ]);
    const isKept = headers['cache-control'] !== 'no-store';
    // Terminus says so of its own, and a session is its browser's alone.
    if (!url.startsWith('/health') && !/^\/console\/(session|oidc)/.test(url))
      expect([method, url, isKept]).toEqual([method, url, allowedCallers === 'anyone']);
    expect(
      Object.keys(headers).filter((name) => /^(server|x-powered-by|access-control-.*)$/.test(name)),
    ).toEqual([]);
  }
});

it('leaves nothing out for browsers but where none calls', () => {
  const bare = routes.filter(({ notForBrowsers }) => notForBrowsers).map(({ url }) => url);
  expect(new Set(bare)).toEqual(new Set(['/callback/:corpId', '/callback/decrypted/:corpId']));
});

/** What `npm run build` wrote. */
const { paths } = JSON.parse(readFileSync('dist/openapi/openapi.json', 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

it('describes each of them once in the OpenAPI document, and nothing else', () => {
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  // HEAD is what Fastify adds to each GET.
  const there = routes
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}').replace('*', '{path}')}`);
  expect(described.sort()).toEqual(there.sort());
});

it('describes none of them without words of its own', () => {
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const isBare = ({ summary, description, tags }: Operation) => !summary || !description || !tags?.length;
  expect(operations.filter(isBare)).toEqual([]);
});
