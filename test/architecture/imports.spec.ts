/** The import rules of the design, read off the source files themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SOURCE = resolve('src');

interface Import {
  readonly from: string;
  /** A path below src, or the name of a package. */
  readonly to: string;
}

const filesIn = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.tsx?$/.test(file) && !/(^|\/)(node_modules|dist)\/|\.spec\.tsx?$/.test(file));

function importsIn(root: string): Import[] {
  return filesIn(root).flatMap((from) =>
    [...readFileSync(join(root, from), 'utf8').matchAll(/(?:from|import\(|import)\s*'([^']+)'/g)].map(
      ([, specifier = '']) => ({
        from,
        to: specifier.startsWith('.') ? relative(root, resolve(root, dirname(from), specifier)) : specifier,
      }),
    ),
  );
}

/** Those that are in a circle, or use one that is. */
function inCircles(edges: readonly (readonly [from: string, to: string])[]): string[] {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) if (from !== to) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  for (let isShrinking = true; isShrinking;) {
    isShrinking = false;
    for (const [one, targets] of graph) {
      if ([...targets].some((target) => graph.has(target))) continue;
      graph.delete(one);
      isShrinking = true;
    }
  }
  return [...graph.keys()];
}

/** Files of which each imports another one of them, types included. */
function circleIn(root: string): string[] {
  const there = new Set(filesIn(root));
  const edges = importsIn(root).flatMap(({ from, to }) =>
    [to.replace(/\.js$/, '.ts'), to.replace(/\.js$/, '.tsx')]
      .filter((target) => there.has(target))
      .map((target) => [from, target] as const),
  );
  return inCircles(edges);
}

const files = filesIn(SOURCE);
const imports = importsIn(SOURCE);

const featureOf = (path: string): string => path.split('/')[0] ?? '';
const between = (from: string, to: string): Import[] =>
  imports.filter((edge) => featureOf(edge.from) === from && featureOf(edge.to) === to);
const isOurs = ({ to }: Import): boolean => files.includes(to.replace(/\.js$/, '.ts'));

/** Which folders a folder may use, as the table of CONTRIBUTING.md says; whoever wants more changes it there. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^\| `src\/(\w+)` \|.*\| ([^|]+) \|$/gm)].map(
    ([, folder = '', allowed = '']) => [folder, allowed === 'nothing of ours' ? [] : allowed.split(', ')],
  ),
);

interface Floor {
  /** Its path below src. */
  readonly path: string;
  readonly standsOn: readonly string[];
  /** The files that others may import, as paths below src. */
  readonly door: readonly string[];
}

/** The floors within a folder, the lowest first, as the second table of CONTRIBUTING.md says. */
const FLOORS: readonly Floor[] = [
  ...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(
    /^\| `src\/(\w+)\/(\w+)` \|[^|]*\| ([^|]+) \| ([^|]+) \|$/gm,
  ),
].map(([, feature = '', floor = '', standsOn = '', door = '']) => ({
  path: `${feature}/${floor}`,
  standsOn: standsOn === 'nothing' ? [] : standsOn.split(', ').map((other) => `${feature}/${other}`),
  door: door.split(', ').map((file) => `${feature}/${floor}/${file}.js`),
}));

describe('imports', () => {
  it('were read at all', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(between('callback', 'registry')).not.toEqual([]);
  });

  it.each(Object.entries(MAY_USE))('of %s stay within what it may use: %j', (folder, allowed) => {
    const others = imports.filter(
      (edge) =>
        featureOf(edge.from) === folder && isOurs(edge) && ![folder, ...allowed].includes(featureOf(edge.to)),
    );
    expect(others).toEqual([]);
  });

  it('leave no folder without a rule', () => {
    const folders = files.filter((file) => file.includes('/')).map(featureOf);
    expect([...new Set(folders)].sort()).toEqual(Object.keys(MAY_USE).sort());
  });

  it.each([
    ['mongoose', /^storage\/mongo\//],
    ['@nestjs/mongoose', /^storage\/mongo\//],
    ['node:sqlite', /^storage\/sqlite\//],
    ['undici', /^(dispatch|wecom|http\/outgoing|stream\/replicas|agents\/service)\//],
    ['ws', /^(stream|cli\/connect)\//],
    ['@nestjs/axios', /^http\/(outgoing\/|http\.module\.ts$)/],
    ['axios', /^http\/outgoing\//],
    ['rate-limiter-flexible', /^(wecom|storage)\//],
    ['lru-cache', /^(wecom|http|crypto)\/|^kernel\/lru\.ts$/],
    ['@opentelemetry', /^tracing\//],
    ['prom-client', /^metrics\//],
    ['@fastify', /^http\/answers\/static-files\.ts$/],
    ['cookie', /^http\/access\/cookies\.ts$/],
    ['openid-client', /^console\/oidc\//],
    ['helmet', /^http\/answers\/browser-headers\.ts$/],
    ['fast-xml-parser', /^callback\/xml\.ts$/],
    ['ipaddr.js', /^(config|http|registry|wecom\/tunnels)\//],
    ['commander', /^cli\//],
    ['class-validator', /\.dto\.ts$|^(http\/answers|openapi|registry)\//],
    ['zod', /^config\//],
    ['@nestjs/swagger', /^openapi\/|^write-document\.ts$|^http\/answers\/swagger\.ts$/],
    ['@nestjs/terminus', /^health\/|\.health\.ts$/],
  ])('keep %s in its place', (name, place) => {
    const users = imports
      .filter(({ to }) => to === name || to.startsWith(`${name}/`))
      .map(({ from }) => from);
    expect(users.filter((user) => !place.test(user))).toEqual([]);
    expect(users).not.toEqual([]);
  });

  it('give a feature no settings but those of its namespace', () => {
    const beforeNest = /^(config|http|cli)\/|^(app\.module|start|write-document)\.ts$/;
    const features = files.filter((file) => !beforeNest.test(file));
    const namesOf = (file: string): string[] =>
      [...readFileSync(join(SOURCE, file), 'utf8').matchAll(/^import (?:type )?\{([^}]*)\} from/gm)].flatMap(
        ([, names = '']) => names.split(',').map((name) => name.trim().replace('type ', '')),
      );
    const everything = /^(Config|ConfigService|CONFIGURATION_TOKEN|loadConfig|readConfig|configOrExit)$/;
    expect(namesOf('start.ts').filter((name) => everything.test(name))).toEqual(['Config', 'configOrExit']);
    expect(features.filter((file) => namesOf(file).some((name) => everything.test(name)))).toEqual([]);
    const uses = imports.filter(({ from, to }) => to.endsWith('.config.js') && features.includes(from));
    expect(uses.length).toBeGreaterThan(10);
    expect(uses.filter(({ from, to }) => featureOf(from) !== featureOf(to))).toEqual([]);
  });

  /** `connect` runs beside the manager, and calls programs of others. */
  const isConnect = (file: string): boolean => file.startsWith('cli/connect/');

  it('reach no network outside agents, dispatch, wecom and stream', () => {
    const network = imports.filter(({ to }) =>
      /^(node:)?(http|https|net|tls|dgram|dns|axios|undici)$/.test(to),
    );
    const outside = network.filter(
      ({ from }) => !/^(agents\/service|dispatch|wecom|http|stream)\//.test(from) && !isConnect(from),
    );
    expect(outside).toEqual([]);
    const calls = files.filter((file) => /[^.\w]fetch\(/.test(readFileSync(join(SOURCE, file), 'utf8')));
    expect(calls.filter((file) => !isConnect(file))).toEqual([]);
  });

  it('of the console take nothing from the server but causes with their words: its types are of the OpenAPI document', () => {
    const sources = readdirSync('packages/console/src', { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => readFileSync(join('packages/console/src', file), 'utf8'));
    const taken = sources.flatMap((source) => [
      ...source.matchAll(
        / from '((?:\.\.\/)+src\/(?!insight\/(?:words\/|accounts\/(?:cause-table|account-states)\.js))[^']+)';/g,
      ),
    ]);
    expect(taken).toEqual([]);
    expect(sources.filter((source) => source.includes('answers.gen.js'))).not.toEqual([]);
  });

  it.each([
    'src',
    'lab/bench',
    'lab/compat',
    'lab/faults',
    'lab/fuzz',
    'packages/console/src',
    'packages/simulator',
    'scripts',
    'test/support',
  ])('form no circle between files of %s', (root) => expect(circleIn(resolve(root))).toEqual([]));

  /** The first folder within a feature; of a file that lies in none, the feature. */
  const folderOf = (path: string): string => dirname(path).split('/').slice(0, 2).join('/');

  it('form no circle between features', () => {
    const among = imports.filter((edge) => isOurs(edge) && edge.from.includes('/') && edge.to.includes('/'));
    expect(inCircles(among.map(({ from, to }) => [featureOf(from), featureOf(to)]))).toEqual([]);
  });

  it.each(Object.keys(MAY_USE))('form no circle between the folders of %s', (feature) => {
    const within = between(feature, feature).filter(isOurs);
    expect(inCircles(within.map(({ from, to }) => [folderOf(from), folderOf(to)]))).toEqual([]);
  });

  describe('of a folder with floors', () => {
    const paths = FLOORS.map(({ path }) => path);

    it('leave no file without a floor', () => {
      const features = new Set(FLOORS.map(({ path }) => featureOf(path)));
      expect([...features]).toContain('wecom');
      const folders = files.filter((file) => features.has(featureOf(file))).map((file) => dirname(file));
      expect([...new Set(folders)].sort()).toEqual([...paths].sort());
    });

    it.each(FLOORS)('into $path come from lower floors, and those stand in its row', ({ path, standsOn }) => {
      const below = paths.slice(0, paths.indexOf(path));
      const within = between(featureOf(path), featureOf(path)).filter((edge) => dirname(edge.from) === path);
      const used = new Set(within.map(({ to }) => dirname(to)).filter((other) => other !== path));
      expect(standsOn.filter((other) => !below.includes(other))).toEqual([]);
      expect([...used].sort()).toEqual([...standsOn].sort());
    });

    it.each(FLOORS)(
      'of others reach $path by its door, and each file of the door is used',
      ({ path, door }) => {
        const entered = imports.filter(({ from, to }) => dirname(from) !== path && dirname(to) === path);
        expect([...new Set(entered.map(({ to }) => to))].sort()).toEqual([...door].sort());
      },
    );
  });

  it('name files, never folders', () => {
    expect(imports.filter(({ to }) => to.endsWith('/index.js'))).toEqual([]);
    expect(files.filter((file) => /(^|\/)(index|utils?|common|helpers?)(\.ts|\/)/.test(file))).toEqual([]);
  });

  it('have what writes the OpenAPI document, with @nestjs/swagger, loaded by the build alone', () => {
    const writers = imports.filter(({ to }) => to === 'openapi/document.js' || to === 'write-document.js');
    expect(writers.map(({ from }) => from)).toEqual(['write-document.ts']);
  });

  it('need no package that a production install leaves out', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    // The one in http imports types alone.
    const ofTheBuild = /^(openapi\/(document|security)|write-document|http\/answers\/swagger)\.ts$/;
    const packages = imports
      .filter((edge) => !isOurs(edge) && !ofTheBuild.test(edge.from))
      .flatMap(({ to }) => /^(@[\w-]+\/)?[a-z][\w.-]*(?=\/|$)/.exec(to)?.[0] ?? []);
    expect(packages).toContain('class-validator');
    expect(packages.filter((name) => !(name in dependencies))).toEqual([]);
  });
});
