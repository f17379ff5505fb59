/** docs/reference/api.md: its routes and commands work on a running manager. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { embeddedPlace } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';
import { suiteManager } from '../support/suite-manager.js';

const PAGE = readFileSync('docs/reference/api.md', 'utf8');
const ROUTES = [...PAGE.matchAll(/^\| `([A-Z]+) (\/\S+)` \|/gm)].map(([, method = '', path = '']) => ({
  method,
  path,
}));

/** A file of each route that serves only files with a certain name. */
const FILES: Readonly<Record<string, string>> = {
  '/docs/*': '/docs/start.js',
  '/docs/guide/*': '/docs/guide/start',
};

/** Stands for curl in a shell: prints its arguments, a NUL after each and one more after the last. */
const PRINTING_CURL = `curl() { printf '%s\\0' "$@"; printf '\\0'; }`;

/** The calls of a block of curl commands, as a shell reads them. */
function callsOf(block: string): { url: string; init: RequestInit }[] {
  const printed = execFileSync('sh', ['-euc', `${PRINTING_CURL}\n${block}`], { encoding: 'utf8' });
  return printed
    .split('\0\0')
    .slice(0, -1)
    .map((text) => {
      const { values, positionals } = parseArgs({
        args: text.split('\0'),
        allowPositionals: true,
        options: {
          request: { type: 'string', short: 'X' },
          header: { type: 'string', short: 'H' },
          data: { type: 'string', short: 'd' },
        },
      });
      const { data: body, request: method = body === undefined ? 'GET' : 'POST', header } = values;
      const headers = header === undefined ? [] : [header.split(': ') as [string, string]];
      return { url: positionals[0] ?? '', init: { method, headers, body: body ?? null } };
    });
}

describe('routes', () => {
  const manager = suiteManager(embeddedPlace);

  it.each(ROUTES)('$method $path is there', async ({ method, path }) => {
    const one = FILES[path] ?? path.replaceAll(/:\w+/g, 'x');
    const response = await fetch(manager.url + one, { method });
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const { error } = isJson ? ((await response.json()) as { error?: unknown }) : {};
    // A stream would not end by itself.
    if (!isJson) await response.body?.cancel();
    expect(['ROUTE_NOT_FOUND', 'ROUTE_METHOD_NOT_ALLOWED']).not.toContain(error);
  });

  it('the commands that try them leave nothing behind', async () => {
    const block = PAGE.match(/```sh\n(M=.*?)```/s)?.[1] ?? '';
    const here = block
      .replace(/^M=.*/, `M=${manager.url}`)
      .replace('http://127.0.0.1:8080', await refusedUrl());
    const calls = callsOf(here);
    expect(calls.length).toBeGreaterThan(4);
    for (const { url, init } of calls) {
      const answer = await fetch(url, init);
      expect([init.method, url, answer.status, await answer.text()]).toEqual([
        init.method,
        url,
        200,
        expect.any(String),
      ]);
    }
    for (const left of ['accounts', 'hints?state=waiting', 'hints?state=dead'])
      expect(await (await fetch(`${manager.url}/api/v1/${left}`)).json()).toMatchObject({ items: [] });
  });
});
