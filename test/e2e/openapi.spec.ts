/** The OpenAPI document as the manager gives it: valid and complete. What is made of it: test/long/openapi-client.spec.ts. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { CONSOLE_TYPES, consoleTypes } from '../../scripts/console-types.js';
import { ERRORS } from '../../src/kernel/error-table.js';
import { call } from '../support/http-call.js';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly schema: { readonly pattern?: string };
  }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

const manager = suiteManager(embeddedPlace);
let text: string;

beforeAll(async () => {
  text = await (await fetch(`${manager.url}/docs-json`)).text();
});

describe('the document', () => {
  it('is valid by the schema of OpenAPI', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it('names every error that there is, at a route that may answer it', () => {
    // That of a method which no route has, and those of tunnels: OpenAPI knows no CONNECT.
    const isOfRoutes = (code: string) => code !== 'ROUTE_METHOD_NOT_ALLOWED' && !/^TUNNELS?_/.test(code);
    const named = Object.keys(ERRORS).filter((code) => text.includes(`"${code}":{"$ref"`));
    expect(named.sort()).toEqual(Object.keys(ERRORS).filter(isOfRoutes).sort());
  });

  it('names what a path is answered that its pattern refuses', async () => {
    const paths: Record<string, Record<string, Operation>> = JSON.parse(text).paths;
    const isJudged = ({ parameters = [] }: Operation) =>
      parameters.some((parameter) => parameter.in === 'path' && parameter.schema.pattern !== undefined);
    const judged = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => isJudged(operation))
        .map(([method, { responses }]) => ({ method, path, refusals: JSON.stringify(responses['400']) })),
    );
    const unnamed = [];
    for (const { method, path, refusals } of judged) {
      const url = manager.url + path.replace(/\{\w+\}/g, '!');
      const { body } = await call(url, { method: method.toUpperCase() });
      // An errcode is WeCom's way to say it.
      const { error, errcode } = JSON.parse(String(body));
      if (errcode === undefined && !refusals.includes(`"${error}"`)) unnamed.push([method, path, error]);
    }
    expect(unnamed).toEqual([]);
    expect(judged.length).toBeGreaterThan(5);
  });

  it('is sent compressed, and once only to who keeps it', async () => {
    const { headers } = await fetch(`${manager.url}/docs-json`);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect([headers.get('cache-control'), headers.get('content-encoding')]).toEqual(['no-cache', 'gzip']);
    const etag = headers.get('etag') ?? '';
    // Fetch itself would say that it wants nothing that is kept.
    const again = await call(`${manager.url}/docs-json`, {
      method: 'GET',
      headers: ['If-None-Match', etag, 'Accept-Encoding', 'gzip'],
    });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it.each(['/docs', '/docs/start.js'])('has a page that is not kept unasked: %s', async (path) => {
    const { headers } = await fetch(manager.url + path);
    expect(headers.get('cache-control')).toBe('no-cache');
  });
});

it('has the answers that the console knows; `npm run generate` writes them', async () => {
  expect(readFileSync(CONSOLE_TYPES, 'utf8')).toBe(await consoleTypes(text));
});
