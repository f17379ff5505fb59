/** What the last stage of the Dockerfile says of its image. */
import { readFileSync } from 'node:fs';

const lines = readFileSync('Dockerfile', 'utf8')
  .split('\n')
  .filter((line) => !/^\s*(#|$)/.test(line));
const instructions = lines
  .join('\n')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .map((line) => {
    const [, keyword = '', args = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return { keyword, args };
  });
const stageAt = instructions.findLastIndex(({ keyword }) => keyword === 'FROM');

/** The arguments of every such instruction, in all stages. */
export const argsOf = (keyword: string): string[] =>
  instructions.filter((one) => one.keyword === keyword).map(({ args }) => args);

const ownArgsOf = (wanted: string): string[] =>
  instructions.slice(stageAt).flatMap(({ keyword, args }) => (keyword === wanted ? [args] : []));

/** `name=value name="a value"`. */
const pairsOf = (keyword: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [
      ...ownArgsOf(keyword)
        .join(' ')
        .matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g),
    ].map(([, name, quoted, bare]) => [name, quoted ?? bare]),
  );

export const image = {
  env: pairsOf('ENV'),
  labels: pairsOf('LABEL'),
  volumes: ownArgsOf('VOLUME'),
  ports: ownArgsOf('EXPOSE'),
  user: ownArgsOf('USER').join(),
  cmd: ownArgsOf('CMD').join(),
  healthcheck: ownArgsOf('HEALTHCHECK').join(),
};
