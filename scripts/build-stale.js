/**
 * `node scripts/build-stale.js <part>...` builds each part of which a source is newer than what was built, and says so first.
 * `npm run demo` and `npm run simulator` begin with it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';

const OF_BOTH = ['package*.json', 'tsconfig*.json', 'scripts/*.{js,ts}'];

/** `last` is written at the end of a build, so a build that failed leaves it old. */
const PARTS = {
  manager: {
    name: 'the manager',
    script: 'build',
    sources: ['nest-cli.json', 'src/**', 'packages/console/**', 'docs/**', 'scripts/guide/**'],
    last: 'dist/guide/guide.css',
  },
  simulator: {
    name: 'the local WeCom',
    script: 'build -w packages/simulator',
    sources: ['packages/simulator/**'],
    last: 'packages/simulator/dist/page/index.html',
  },
};

function isStale({ sources, last }) {
  if (!existsSync(last)) return true;
  const builtAtMs = statSync(last).mtimeMs;
  // Folders too: the time of a folder changes when a file in it is deleted.
  const paths = globSync([...OF_BOTH, ...sources], { exclude: ['**/dist', '**/node_modules'] });
  return paths.some((path) => statSync(path).mtimeMs > builtAtMs);
}

const stale = process.argv
  .slice(2)
  .map((part) => PARTS[part])
  .filter(isStale);
if (stale.length > 0) {
  const names = stale.map(({ name }) => name).join(' and ');
  process.stdout.write(
    `Building ${names}, which takes about half a minute. The next run does not build again unless a source has changed.\n`,
  );
}
for (const { script } of stale) {
  const { status } = spawnSync(`npm run --silent ${script}`, { shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
