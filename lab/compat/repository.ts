/** A repository at the commit that is named, from GitHub, or from a folder of clones where there is no way to GitHub. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Repository } from './program.js';

const CLONE_WITHIN_MS = 5 * 60_000;

const runProgram = promisify(execFile);

/** @param into does not exist yet. @throws Error that says what is missing. */
export async function checkOut(repository: Repository, clones: string | null, into: string): Promise<void> {
  const from = clones === null ? urlOf(repository) : cloneOf(repository, clones);
  const { commit } = repository;
  try {
    await git('clone', '--quiet', '--no-checkout', from, into);
    await git('-C', into, 'checkout', '--quiet', '--detach', commit);
  } catch (error) {
    const remedy = clones === null ? ' Without a way there, name a folder that has a clone: --clones.' : '';
    throw new Error(`${from} at ${commit} cannot be had.${remedy}`, { cause: error });
  }
}

function urlOf({ owner, name }: Repository): string {
  return `https://github.com/${owner}/${name}`;
}

/** Bare or not. */
function cloneOf({ owner, name }: Repository, clones: string): string {
  const places = [`${owner}/${name}`, `${owner}+${name}/repo`].map((place) => join(clones, place));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`there is no clone of ${owner}/${name}: ${places.join(', ')}`);
  return found;
}

async function git(...args: readonly string[]): Promise<void> {
  // Never asks for a password.
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
  await runProgram('git', [...args], { env, timeout: CLONE_WITHIN_MS, killSignal: 'SIGKILL' });
}
