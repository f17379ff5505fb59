/** The OpenAPI document before a strict linter, and a client that is generated from it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { embeddedPlace } from '../support/place.js';
import { suiteManager } from '../support/suite-manager.js';

const manager = suiteManager(embeddedPlace);
let text: string;

beforeAll(async () => {
  text = await (await fetch(`${manager.url}/docs-json`)).text();
});

it('the document has nothing that a strict linter finds, its examples included', async () => {
  // `/` redirects and does nothing else; what the stream of deliveries has in `data` is a text, which names no schema.
  const rules = { 'operation-2xx-response': 'off', 'no-unused-components': 'off' } as const;
  const config = await createConfig({ extends: ['recommended-strict'], rules });
  const problems = await lintFromString({ source: text, absoluteRef: 'docs-json', config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
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
