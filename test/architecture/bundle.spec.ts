/** What `npm run build` has made of the source and its packages. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { expect, it } from '@jest/globals';

const files = globSync('dist/*.js').map((file) => readFileSync(file, 'utf8'));
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

const NAME = String.raw`(?:@[^/"\s]+/)?[^/"\s.][^/"\s]*`;
/** Its own headings have a version, those within a licence have none. */
const HEADING = /^## (?=\S+ \d[\w.-]*: \S+$)/m;

function namesIn(pattern: string): string[] {
  const all = new RegExp(pattern, 'gm');
  return [...new Set(files.flatMap((text) => [...text.matchAll(all)].map(([, name = '']) => name)))];
}

const bundled = namesIn(`^// node_modules/(?:.*/node_modules/)?(${NAME})/`);

it('takes nothing from outside but what a production install has', () => {
  const imported = namesIn(`^(?:import|export) (?:.* from )?"(${NAME})[^"]*"`);
  const packages = imported.filter((name) => !isBuiltin(name));
  expect(packages).toEqual(expect.arrayContaining(['lmdb', 'mongoose', 'pino', 'reflect-metadata']));
  expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
});

it.each([
  '@nestjs/config',
  '@nestjs/axios',
  '@nestjs/core',
  '@nestjs/mongoose',
  'class-validator',
  'fastify',
  'openid-client',
  'rxjs',
  'undici',
  'zod',
])('has %s inside', (name) => expect(bundled).toContain(name));

it('loads what few use only when it is used', () => {
  const ofOidc = globSync('dist/*.js').filter((file) =>
    /^\/\/ .*node_modules\/openid-client\//m.test(readFileSync(file, 'utf8')),
  );
  expect(ofOidc).toHaveLength(1);
  const name = basename(ofOidc[0] ?? '');
  expect(files.filter((text) => text.includes(`import("./${name}")`))).toHaveLength(1);
  expect(files.filter((text) => text.includes(`from "./${name}"`))).toEqual([]);
});

it.each(['@nestjs/swagger', 'nestjs-swagger', 'libphonenumber-js', 'ajv'])(
  'has %s not inside, which no start uses',
  (name) => expect(bundled).not.toContain(name),
);

it('starts without the undici that Node brings', () => {
  const program = `
    await import('reflect-metadata');
    await import('./dist/start.js');
    console.log(process.moduleLoadList.filter((name) => /http|undici/.test(name)).join());`;
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(loaded).toContain('NativeModule http,');
  expect(loaded).not.toContain('deps/undici');
});

it('names each package that is inside, with its licence', () => {
  const sections = readFileSync('dist/licenses.md', 'utf8').split(HEADING).slice(1);
  const named = sections.map((section) => section.split(' ')[0]);
  expect(bundled.length).toBeGreaterThan(40);
  expect(bundled.filter((name) => !named.includes(name))).toEqual([]);
  expect(sections.filter((section) => section.trim().split('\n').length < 3)).toEqual([]);
});
