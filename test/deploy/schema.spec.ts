/** The manifests are what the API of Kubernetes, and of the Prometheus Operator, takes. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EXAMPLES, kustomizeSuite, type Manifest, OVERLAYS, render } from '../support/kustomize.js';

type Model = new (manifest: Manifest) => { validate(): void };

/** Has the schemas and types in packages of its own. */
const FOLDER = resolve('scripts/kubernetes');
const GENERATED = resolve(FOLDER, '.cache');
const PACKAGES = resolve(FOLDER, 'node_modules');
const isInstalled = existsSync(PACKAGES);
if (!isInstalled) {
  const howToGetThem = 'To get them: npm ci --prefix scripts/kubernetes';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No schemas of Kubernetes for the tests. ${howToGetThem}`);
  process.stderr.write(`!!! NO SCHEMAS OF KUBERNETES: THEIR SUITE IS LEFT OUT !!! ${howToGetThem}\n`);
}
const schemaSuite = isInstalled ? kustomizeSuite : describe.skip;

const EVERYTHING = [...OVERLAYS, ...EXAMPLES] as const;

/** Packages by the API group; the others are of Kubernetes itself. */
const PACKAGE_OF: readonly (readonly [RegExp, string])[] = [
  [/coreos/, '@kubernetes-models/prometheus-operator'],
  [/^gateway\./, '@kubernetes-models/gateway-api'],
];

function moduleOf({ apiVersion, kind }: Manifest): string {
  const [, name = 'kubernetes-models'] = PACKAGE_OF.find(([group]) => group.test(apiVersion)) ?? [];
  return `${name}/${apiVersion}/${kind}`;
}

function constantOf(manifest: Manifest, index: number): string {
  return `export const no${index} = ${JSON.stringify(manifest)} satisfies import('${moduleOf(manifest)}').I${manifest.kind};`;
}

/**
 * By TypeScript, which knows every field; the schema lets unknown ones pass.
 * @returns Of each mistake the number of its manifest and what it is.
 */
function unknownFieldsOf(manifests: readonly Manifest[]): (readonly [number, string])[] {
  mkdirSync(GENERATED, { recursive: true });
  const file = resolve(GENERATED, 'manifests.ts');
  writeFileSync(file, manifests.map(constantOf).join('\n'));
  const options =
    '--noEmit --ignoreConfig --strict --skipLibCheck --module nodenext --target es2024 --types node';
  const command = ['node_modules/typescript/bin/tsc', ...options.split(' '), file];
  const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line.includes('error TS'));
  return lines.map((line) => [Number(/\((\d+),/.exec(line)?.[1]) - 1, line] as const);
}

schemaSuite('the manifests', () => {
  it.each(EVERYTHING)('of %s are valid by the schema', async (_name, folder) => {
    for (const manifest of render(folder)) {
      const file = resolve(PACKAGES, `${moduleOf(manifest)}.js`);
      const { [manifest.kind]: Model } = (await import(file)) as Record<string, Model>;
      if (Model === undefined) throw new Error(`no schema of ${manifest.kind}`);
      expect(() => new Model(manifest).validate()).not.toThrow();
    }
  });

  it('have no field that the API does not know', () => {
    const manifests = EVERYTHING.flatMap(([, folder]) => render(folder));
    const misspelt = JSON.parse(JSON.stringify(manifests[0]).replace('metadata', 'metdata'));
    expect(unknownFieldsOf([...manifests, misspelt])).toEqual([
      [manifests.length, expect.stringContaining('"metdata"')],
    ]);
  });
});
