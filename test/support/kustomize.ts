/** deploy/kubernetes as a cluster would get it: rendered by kustomize itself, or the one inside kubectl. */
import { spawnSync } from 'node:child_process';
import { describe } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

const COMMANDS = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
] as const;
const command = COMMANDS.find(([program]) => spawnSync(program, ['--help']).error === undefined);

if (command === undefined) {
  const howToGetOne = 'To get one: put kustomize 5, or kubectl 1.27 or later, on the PATH.';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No kustomize for the tests. ${howToGetOne}`);
  process.stderr.write(`!!! NO KUSTOMIZE: THE KUBERNETES SUITES ARE LEFT OUT !!! ${howToGetOne}\n`);
}

/** `describe` where there is a kustomize. */
export const kustomizeSuite = command === undefined ? describe.skip : describe;

export const OVERLAYS = [
  ['mongo', 'deploy/kubernetes/overlays/mongo'],
  ['embedded', 'deploy/kubernetes/overlays/embedded'],
] as const;
/** The Gateway API's, with all other components. */
export const EXAMPLE = 'deploy/kubernetes/example';
export const INGRESS_EXAMPLE = 'deploy/kubernetes/example-ingress-nginx';
export const EXAMPLES = [
  ['example', EXAMPLE],
  ['example-ingress-nginx', INGRESS_EXAMPLE],
] as const;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

const rendered = new Map<string, readonly Manifest[]>();

/** Once for each folder of a spec file. @throws Error with what kustomize says. */
export function render(folder: string): readonly Manifest[] {
  const known = rendered.get(folder);
  if (known !== undefined) return known;
  const [program, subcommand] = command ?? COMMANDS[0];
  const { status, stdout, stderr } = spawnSync(program, [subcommand, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${subcommand} ${folder}: ${stderr}`);
  const manifests = parseAllDocuments(stdout).map((document): Manifest => document.toJS());
  rendered.set(folder, manifests);
  return manifests;
}
