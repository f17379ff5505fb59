/**
 * The Dockerfile, read and held against what was promised of it. It knows the instructions that ours uses and
 * refuses any other, so that none goes unchecked.
 */
import { resolve } from 'node:path/posix';
import dockerfilelint from 'dockerfilelint';
import { expectAll, say } from './report.js';

/** What has to be carried out, with the folder and the environment that hold there. */
export interface Step {
  readonly keyword: 'WORKDIR' | 'RUN' | 'COPY';
  readonly args: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Stage {
  /** `final` for the one without a name. */
  readonly name: string;
  readonly from: string;
  /** The earlier stage that `from` names, if it does not name an image. */
  readonly parent: Stage | undefined;
  readonly env: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly volumes: string[];
  readonly ports: string[];
  readonly steps: Step[];
  workdir: string;
  user: string;
  /** Empty when there is none. */
  healthcheck: readonly string[];
  cmd: readonly string[];
}

/** @throws Error on an instruction that is not known here. */
export function parseStages(text: string): Stage[] {
  const stages: Stage[] = [];
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  for (const instruction of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    const [, keyword = '', args = ''] = /^(\S+)\s+(.*)$/.exec(instruction) ?? [];
    const stage = stages.at(-1);
    if (keyword === 'FROM') stages.push(newStage(args, stages));
    else if (stage) apply(stage, keyword, args);
  }
  return stages;
}

function newStage(args: string, stages: readonly Stage[]): Stage {
  const [from = '', , name = 'final'] = args.split(/\s+/);
  const parent = stages.find((stage) => stage.name === from);
  return {
    name,
    from,
    parent,
    env: { ...parent?.env },
    labels: { ...parent?.labels },
    volumes: [],
    ports: [],
    steps: [],
    workdir: parent?.workdir ?? '/',
    user: parent?.user ?? 'root',
    healthcheck: [],
    cmd: [],
  };
}

function apply(stage: Stage, keyword: string, args: string): void {
  switch (keyword) {
    case 'LABEL':
      Object.assign(stage.labels, pairs(args));
      break;
    case 'ENV':
      Object.assign(stage.env, pairs(args));
      break;
    case 'USER':
      stage.user = args;
      break;
    case 'VOLUME':
      stage.volumes.push(args);
      break;
    case 'EXPOSE':
      stage.ports.push(args);
      break;
    case 'HEALTHCHECK':
      stage.healthcheck = execForm(keyword, args.replace(/^(--\S+\s+)*CMD\s+/, ''));
      break;
    case 'CMD':
      stage.cmd = execForm(keyword, args);
      break;
    case 'WORKDIR':
      stage.workdir = resolve(stage.workdir, args);
      stage.steps.push(stepOf(stage, keyword, args));
      break;
    case 'RUN':
    case 'COPY':
      stage.steps.push(stepOf(stage, keyword, args));
      break;
    default:
      throw new Error(`Dockerfile: ${keyword} is not known to scripts/container/dockerfile.ts`);
  }
}

function stepOf({ workdir, env }: Stage, keyword: Step['keyword'], args: string): Step {
  return { keyword, args, workdir, env: { ...env } };
}

/** `name=value name="a value"`. */
function pairs(text: string): Record<string, string> {
  const matches = text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g);
  return Object.fromEntries([...matches].map(([, name, quoted, bare]) => [name, quoted ?? bare]));
}

function execForm(keyword: string, args: string): readonly string[] {
  if (!args.startsWith('[')) throw new Error(`Dockerfile: ${keyword} must be a JSON list and is: ${args}`);
  return JSON.parse(args);
}

/** @throws Error with what dockerfilelint finds, except for its own mistakes. */
export function lintDockerfile(text: string, stages: readonly Stage[]): void {
  const lines = text.split('\n');
  const findings = dockerfilelint.run('.', text).filter(({ rule, line }) => {
    const [keyword = '', ...words] = lines[line - 1]?.split(/\s+/) ?? [];
    // The name of an earlier stage has no tag.
    if (rule === 'missing_tag') return !stages.some(({ name }) => name === words[0]);
    // It reads `--start-period` as `--start`, which it does not know.
    return !(rule === 'invalid_format' && keyword === 'HEALTHCHECK');
  });
  const shown = findings.map(({ line, rule, title }) => `\n  - line ${line}: ${title} (${rule})`);
  if (findings.length > 0) throw new Error(`Dockerfile: dockerfilelint found:${shown.join('')}`);
  say('Dockerfile: dockerfilelint finds nothing');
}

/** @param version That of package.json. */
export function checkDockerfile(stages: readonly Stage[], image: Stage, version: string): void {
  const { env } = image;
  const bases = stages.filter(({ parent }) => !parent).map(({ from }) => from);
  const steps = stages.flatMap((stage) => stage.steps);
  expectAll('Dockerfile', {
    'every base image is node:24 in a slim flavour': bases.every((base) =>
      /^node:24[\w.]*-\w+-slim$/.test(base),
    ),
    'there is more than one stage': stages.length > 1,
    'the user is not root, and given by number': /^[1-9]\d*:[1-9]\d*$/.test(image.user),
    'NODE_ENV is production': env.NODE_ENV === 'production',
    'HOST is 0.0.0.0, or nothing outside the container reaches it': env.HOST === '0.0.0.0',
    'DATA_DIR is a volume': image.volumes.includes(env.DATA_DIR ?? ''),
    'PORT is exposed': image.ports.includes(env.PORT ?? ''),
    'there is a health check': image.healthcheck.length > 0,
    'CMD starts node itself, so that signals reach it': image.cmd[0] === 'node',
    'optional dependencies stay (the binary of lmdb is one)': steps.every(
      ({ args }) => !args.includes('--omit=optional'),
    ),
    'the version label is that of package.json': image.labels['org.opencontainers.image.version'] === version,
  });
}
