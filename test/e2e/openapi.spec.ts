/** The OpenAPI document as the manager gives it: well made, complete, and good for a client that is generated from it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
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

  it('has nothing that a strict linter finds, its examples included', async () => {
    // `/` redirects and does nothing else; what the stream of deliveries has in `data` is a text, which names no schema.
    const rules = { 'operation-2xx-response': 'off', 'no-unused-components': 'off' } as const;
    const config = await createConfig({ extends: ['recommended-strict'], rules });
    const problems = await lintFromString({ source: text, absoluteRef: 'docs-json', config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
      [],
    );
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

/** A program as somebody writes it with the generated client; what it must not be able to say stands in it, too. */
const PROGRAM = `
import { createClient } from './client/client/index.js';
import { getAccessToken, getPuppet, registerPuppet } from './client/index.js';

declare const process: { readonly argv: readonly string[] };
const client = createClient({ baseUrl: process.argv[2] ?? '' });
const registration = {
  kfId: 'wkAAA', kfName: 'Support', endpoint: 'http://127.0.0.1:8080', corpId: 'wx5823bf96d3bd56c7',
  corpSecret: 'example', token: 'QDG6eK', encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
};
const registered = await registerPuppet({ client, body: registration });
const puppet = await getPuppet({ client, path: { kfId: 'wkAAA' } });
const name: string | undefined = puppet.data?.kfName;
const missing = await getPuppet({ client, path: { kfId: 'wkBBB' } });
let told = '';
if (missing.error?.code === 404) {
  const code: 'REGISTRY_PUPPET_NOT_FOUND' = missing.error.error;
  told = code;
}
const refused = await getAccessToken({ client, query: { corpid: 'ww1', corpsecret: '' } });
const errcode: number | undefined = refused.data?.errcode;

// @ts-expect-error a registration without its keys
registerPuppet({ client, body: { kfId: 'wkAAA' } });
// @ts-expect-error an error that this route cannot give
if (missing.error?.code === 404 && missing.error.error === 'OUTBOX_FULL') told = '';
// @ts-expect-error no secret is shown
puppet.data?.corpSecret;

console.log(JSON.stringify([registered.data?.message, name, told, errcode]));
`;

describe('a client that is generated from it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-client-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  it('type-checks strictly, tells errors apart by code, and works', async () => {
    writeFileSync(join(folder, 'openapi.json'), text);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      strict: true,
      // The client is no declaration file; those are of TypeScript and Node.
      skipLibCheck: true,
      noUncheckedIndexedAccess: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom', 'dom.iterable'],
      types: [],
      outDir: 'out',
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['program.ts'] }),
    );
    await createClient({
      input: join(folder, 'openapi.json'),
      output: { path: join(folder, 'client'), tsConfigPath: join(folder, 'tsconfig.json') },
      logs: { level: 'silent', file: false },
    });
    expect(run(resolve('node_modules/typescript/bin/tsc')).stdout).toBe('');
    const { stdout, stderr } = run('out/program.js', manager.url);
    expect([stdout, stderr]).toEqual(['["success","Support","REGISTRY_PUPPET_NOT_FOUND",41004]\n', '']);
  });
});

it('has the answers that the console knows; `npm run generate` writes them', async () => {
  expect(readFileSync(CONSOLE_TYPES, 'utf8')).toBe(await consoleTypes(text));
});
