/** Settings, error codes and routes that the documents name are there. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { secretFileOf } from '../../src/config/secret-files.js';
import { SETTINGS } from '../../src/config/settings.js';
import { ERRORS } from '../../src/kernel/error-table.js';
import { collectionOf, journalCollection } from '../../src/storage/mongo/mongo-store.js';
import { CONTENTS } from '../../src/store-contents.js';
import { PAGES } from './markdown.js';

/** Of other programs, or of versions before this one. */
const FOREIGN = [
  'API_BASE_URL',
  'PUPPET_WXKF_MANAGER_ENDPOINT',
  'PUPPET_WXKF_SELF_ENDPOINT',
  'EVENT_LOOP_DELAY_MAX_MS',
  'LOG_PATH',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_ENV_PROXY',
  'WECOM_API_BASE',
];
const NAME = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;

/** Whatever program of the project reads or says such a name; specs may invent some. */
const inSources = new Set(
  [
    ...globSync('{src,deploy,examples,lab,packages,scripts,test}/**/*.{ts,js,py,java,yaml,yml,conf}', {
      exclude: (name) => name === 'node_modules',
    }),
    ...['.ci/run', '.github/workflows/ci.yml', 'docker-compose.yml', 'Dockerfile', 'package.json'],
  ]
    .filter((path) => !path.endsWith('.spec.ts'))
    .flatMap((path) => readFileSync(path, 'utf8').match(NAME) ?? []),
);
const known = new Set([
  ...Object.values(SETTINGS).flatMap(({ name, secret }) => [name, ...(secret ? [secretFileOf(name)] : [])]),
  ...Object.keys(ERRORS),
  ...FOREIGN,
]);
const ROUTES = [...readFileSync('docs/reference/api.md', 'utf8').matchAll(/^\| `([A-Z]+) (\/\S+)` \|/gm)].map(
  ([, method = '', path = '']) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*')}$`),
  }),
);
const isRoute = (path: string, methods: readonly string[] = []): boolean =>
  (methods.length === 0 ? [''] : methods).every((method) =>
    ROUTES.some((route) => (method === '' || route.method === method) && route.pattern.test(path)),
  );
/** What a puppet, WeCom or another program serves. */
const OF_OTHERS = /^\/(cgi-bin|simulator|callback\/?$|callback\/decrypted$|v1\/traces)/;

const METHOD_AND_PATH = /\b((?:GET|POST|PUT|DELETE|HEAD)(?:\|(?:GET|POST|DELETE))*) (\/[^\s`?"')…]*)/g;
const URL_OF_MANAGER = /(?:\$M|(?:127\.0\.0\.1|localhost|<host>|<your host>):7777)(\/[^\s`?"';)]*)/g;

it.each(PAGES)('$path names only settings and codes that there are', ({ code }) => {
  const named = new Set(code.flatMap((text) => text.match(NAME) ?? []));
  expect([...named].filter((name) => !known.has(name) && !inSources.has(name))).toEqual([]);
});

it.each(PAGES)('$path names only routes that there are', ({ code }) => {
  const withMethod = code.flatMap((text) => [...text.matchAll(METHOD_AND_PATH)]);
  const wrong = withMethod
    .filter(([, methods = '', path = '']) => !OF_OTHERS.test(path) && !isRoute(path, methods.split('|')))
    .map(([all]) => all);
  const urls = code.flatMap((text) => [...text.matchAll(URL_OF_MANAGER)].map(([, path = '']) => path));
  expect([...wrong, ...urls.filter((path) => path !== '/' && !isRoute(path))]).toEqual([]);
});

/** Those that have their name in the source, and those of each kind of record and journal. */
const COLLECTIONS = [
  ...globSync('src/storage/mongo/*.ts').flatMap(
    (path) => readFileSync(path, 'utf8').match(/(?<=')wxkf[a-z]+(?=')/g) ?? [],
  ),
  ...CONTENTS.records.map(collectionOf),
  ...CONTENTS.journals.map(({ name }) => journalCollection(name)),
];

it.each(['docs/operate.md', 'docs/zh/operate.md', 'docs/upgrade.md', 'docs/zh/upgrade.md'])(
  '%s names every collection, and no other',
  (page) => {
    const named = readFileSync(page, 'utf8').match(/(?<=`)wxkf[a-z]+(?=`)/g);
    expect([...new Set(named)].sort()).toEqual([...new Set(COLLECTIONS)].sort());
  },
);
