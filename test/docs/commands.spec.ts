/** Commands in the documents are there: scripts of npm, programs of this project with their options, and files. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { COMMANDS } from '../support/cli-commands.js';
import { PAGES } from './markdown.js';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
const { bin } = manifestOf('.');

/** npm's own commands that need no script. */
const OF_NPM = ['ci', 'install', 'audit', 'version', 'pack'];
const FOLDERS = 'deploy|docs|examples|lab|packages|scripts|src|test|\\.ci|\\.github';
/** What is in code and begins with one of the project's folders; placeholders and patterns are none. */
const PATH = new RegExp(`(?<![\\w./@<>-])(?:\\.\\/)?((?:${FOLDERS})/[\\w./@-]*[\\w])(?![\\w*{<…/])`, 'g');

/** Command lines, with those joined that go on after a backslash. */
const linesOf = (code: readonly string[]): string[] =>
  code.flatMap((text) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'));
const optionsIn = (line: string): string[] =>
  [...line.matchAll(/ --([a-z][\w-]*)/g)].map(([, option = '']) => option);

/** Whether a program knows an option: it names it somewhere in its folder. */
function knows(program: string, option: string): boolean {
  const [, tool, own = 'src'] =
    /--import tsx ((?:lab\/)?[\w-]+)\/|node ([\w/-]+)\/dist\//.exec(program) ?? [];
  const folder = tool ?? own;
  const sources = globSync(`${folder}/**/*.ts`, { exclude: (name) => name === 'node_modules' }).map((path) =>
    readFileSync(path, 'utf8'),
  );
  const asKey = new RegExp(`['"]?${option}['"]?:`);
  return sources.some((source) => source.includes(`--${option}`) || asKey.test(source));
}

function wrongScripts(line: string): string[] {
  const scriptNamed =
    /\bnpm (?:run (?:--silent )?(?:--prefix ([\w/-]+) )?|(?=[a-z]))([a-z][\w:-]*)([^&;|\n]*)/g;
  return [...line.matchAll(scriptNamed)].flatMap(([all, folder = '.', name = '', rest = '']) => {
    if (OF_NPM.includes(name)) return [];
    const [, workspace = folder] = / -w ([\w/-]+)/.exec(rest) ?? [];
    const script = manifestOf(workspace).scripts[name];
    if (script === undefined) return [all];
    const given = rest.split(' -- ')[1];
    return given === undefined || name === 'test'
      ? []
      : optionsIn(` ${given}`)
          .filter((option) => !knows(script, option))
          .map((option) => `${all}: --${option}`);
  });
}

function wrongProgram(line: string): string[] {
  return [...line.matchAll(/(?:\bnpx|docker exec <container>) ([a-z][\w-]*)([^&;|\n]*)/g)].flatMap(
    ([all, program = '', rest = '']) => {
      if (program === 'tsx') return existsSync(rest.trim().split(' ')[0] ?? '') ? [] : [all];
      const file = bin[program];
      if (file === undefined) return [all];
      if (program !== 'wxkf-manager') return optionsIn(rest).filter((option) => !knows(file, option));
      const known = [...COMMANDS].find(([name]) => rest.trim().startsWith(name));
      if (known === undefined) return /^( *$| <command>| --(help|version)\b)/.test(rest) ? [] : [all];
      return optionsIn(rest).filter(
        (option) => option !== 'help' && known[1].options.every(({ long }) => long !== `--${option}`),
      );
    },
  );
}

/** A compiled file is there as its source is. */
function isThere(path: string): boolean {
  return existsSync(path) || (/\.js$/.test(path) && existsSync(path.replace(/\.js$/, '.ts')));
}

it.each(PAGES)('$path names only scripts and options that there are', ({ code }) => {
  expect(linesOf(code).flatMap(wrongScripts)).toEqual([]);
});

it.each(PAGES)('$path names only programs, commands and options that there are', ({ code }) => {
  expect(linesOf(code).flatMap(wrongProgram)).toEqual([]);
});

it.each(PAGES)('$path names only files of the project that there are', ({ code }) => {
  const named = code.flatMap((text) => [...text.matchAll(PATH)].map(([, path = '']) => path));
  expect([...new Set(named)].filter((path) => !isThere(path))).toEqual([]);
});

it('finds what is wrong', () => {
  expect(wrongScripts('npm run nothing')).toEqual(['npm run nothing']);
  expect(wrongScripts('npm run --prefix docs test')).toEqual(['npm run --prefix docs test']);
  expect(wrongScripts('npm run demo -- --twice')).toEqual(['npm run demo -- --twice: --twice']);
  expect(wrongProgram('npx wxkf-manager chek')).toEqual(['npx wxkf-manager chek']);
  expect(wrongProgram('npx wxkf-manager check --nothing')).toEqual(['nothing']);
  expect([...'see src/nothing.ts'.matchAll(PATH)].map(([, path]) => path)).toEqual(['src/nothing.ts']);
});
