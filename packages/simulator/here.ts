/** How the programs of this project are called, which a checkout and an installed package differ in. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface Here {
  /** Commands; options follow them. */
  readonly start: string;
  readonly simulator: string;
  /** A file of the project, by its path in it, as a command names it. */
  readonly fileOf: (path: string) => string;
}

const IN_CHECKOUT = {
  start: 'npm start',
  simulator: 'npm run simulator --',
};
const IN_PACKAGE = {
  start: 'wxkf-manager start',
  simulator: 'wxkf-manager simulator',
};

/** @param root the folder of the checkout or of the package. */
export function hereIn(root: string): Here {
  // A package comes without source.
  const commands = existsSync(join(root, 'packages/simulator/main.ts')) ? IN_CHECKOUT : IN_PACKAGE;
  return { ...commands, fileOf: (path) => fromHere(join(root, path)) };
}

function fromHere(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}
