/**
 * A step of `npm run build`: bundles the compiled files of `build`, and the packages that they use, into the few files of
 * `dist`. A start then loads 94 files instead of 1,543. Nothing is minified, so that stack traces stay readable.
 */
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

/**
 * These stay packages: native code, a worker in a file of its own, one instance for all who use it, or rarely loaded.
 * A class that Nest injects must not be in one of them: Nest would see two classes.
 */
const PACKAGES = /^(lmdb|mongoose|pino|pino-pretty|reflect-metadata)$|^@opentelemetry\/(?!api$)/;

/** What Nest, Fastify and ws load only on request, and nothing here requests. Most of it is not installed. */
const NEVER_LOADED = [
  /^@nestjs\/(microservices|platform-express|websockets)(\/|$)/,
  /^@fastify\/(ajv-compiler|cors|fast-json-stringify-compiler|multipart|static|view)$/,
  /^(class-transformer|class-validator|light-my-request)$/,
  /^(bufferutil|utf-8-validate)$/,
];

/** rxjs gives Node CommonJS, of which a bundler can leave out nothing. */
const RXJS = join(process.cwd(), 'node_modules/rxjs/dist/esm');

const builtin = (name: string): string => `module.exports = process.getBuiltinModule('node:${name}');`;

/**
 * What stands in the bundle for these modules. Of undici only pools are used, and of them only `dispatch`. An `import` of
 * Node's http modules reads all of their properties, which loads the undici that Node brings; this function does not.
 */
const INSTEAD: Readonly<Record<string, string>> = {
  undici: `
    exports.Pool = require('undici/lib/dispatcher/pool.js');
    exports.buildConnector = require('undici/lib/core/connect.js');`,
  http: builtin('http'),
  http2: builtin('http2'),
  https: builtin('https'),
};

const LICENCE_FILES = /^(licen[cs]e|copying|notice)/i;

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly author?: string | { readonly name: string };
}

/** Leaves out what a start would load for nothing, see docs/internals/adr/0015. */
function lean(): Plugin {
  return {
    name: 'lean',
    resolveId(id) {
      const name = id.replace(/^node:/, '');
      return name in INSTEAD ? `\0lean/${name}` : null;
    },
    load(id) {
      const code = id.startsWith('\0lean/') ? INSTEAD[id.slice('\0lean/'.length)] : undefined;
      return code === undefined ? null : { code, moduleType: 'js' };
    },
    transform: withoutFetch,
  };
}

/** axios uses `node:http` here. When it looks for `fetch` and `FormData`, it loads the undici that Node brings. */
function withoutFetch(code: string, id: string): string | null {
  if (id.endsWith('/axios/lib/adapters/fetch.js')) return 'export const getFetch = () => false;';
  if (!id.endsWith('/axios/lib/utils.js')) return null;
  const without = code.replaceAll('G.FormData', 'undefined');
  if (without === code) throw new Error(`${id} does not read G.FormData any more: look what it reads`);
  return without;
}

/** Writes `licenses.md`: what is bundled ships, and its licences ask to be named. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const folders = new Set(modules.flatMap((id) => packageFolderOf(id) ?? []));
      // Two folders may hold the same version of a package.
      const texts = new Set([...folders].map(licenceOf));
      const source = `# Licences of what is bundled here\n\n${[...texts].sort().join('\n')}`;
      this.emitFile({ type: 'asset', fileName: 'licenses.md', source });
    },
  };
}

/** @returns `null` for a file or a line of ours. */
function packageFolderOf(moduleId: string): string | null {
  if (moduleId.startsWith('\0rolldown/')) return 'node_modules/rolldown';
  if (moduleId.startsWith('\0lean/')) return null;
  if (!moduleId.includes('node_modules')) return null;
  let folder = dirname(moduleId);
  // Some have another package.json below, which says no more than how to read what is beside it.
  while (manifestOf(folder).version === undefined) folder = dirname(folder);
  return folder;
}

function manifestOf(folder: string): Manifest {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function licenceOf(folder: string): string {
  const { name, version, license, author = 'unknown' } = manifestOf(folder);
  const files = readdirSync(folder).filter((file) => LICENCE_FILES.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const by = typeof author === 'string' ? author : author.name;
  if (texts.length === 0) texts.push(`The package has no licence file. Its author: ${by}.`);
  return `## ${name} ${version}: ${license}\n\n${texts.join('\n\n')}\n`;
}

/** @param plugins - more of them, which see each module first. */
export async function bundle(dir: string, plugins: readonly Plugin[] = []): Promise<void> {
  const build = await rolldown({
    input: {
      main: 'build/main.js',
      cli: 'build/cli.js',
      // Its caller looks for it in its own folder, so everything lies in one.
      'check-store': 'build/storage/embedded/check-store.js',
    },
    platform: 'node',
    resolve: { alias: { 'rxjs/operators': join(RXJS, 'operators/index.js'), rxjs: join(RXJS, 'index.js') } },
    external: [PACKAGES, ...NEVER_LOADED],
    plugins: [...plugins, lean(), licences()],
    // An import that leads nowhere, for one.
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message);
    },
  });
  await build.write({
    dir,
    cleanDir: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    keepNames: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await build.close();
  chmodSync(join(dir, 'cli.js'), 0o755);
}

if (import.meta.main) await bundle('dist');
