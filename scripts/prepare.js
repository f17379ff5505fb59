/**
 * What `npm run build` and `npm run test:unit` start with, since npm runs nothing after `npm ci`. May be repeated, and runs after
 * `npm ci --omit=dev`, too. Who installs the published package does not run it.
 *
 * - npm 10 and older leave out the link to the Node that they have installed: it is made up for. A shell that has run `node` before
 *   goes on with the old one, which is why scripts call this as `npm run prepare:modules`.
 * - Where there is none, a Node that is too old is refused.
 * - What nothing here reads of node_modules is deleted, 150 MB of 590: Node's headers, source maps, LMDB's binaries for Node 20
 *   and 22, TypeScript's messages in other languages, and the pages of Playwright's trace viewer and reports.
 * - What is compiled for tests is kept by its content. Once there is too much of earlier sources it begins anew.
 */
import { execSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const brought = `node_modules/node-${process.platform.replace('32', '')}-${process.arch}`;
if (!existsSync(brought)) requireNode();
else if (!existsSync('node_modules/.bin/node')) execSync('npm rebuild --silent', { stdio: 'inherit' });

function requireNode() {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  const [oldest, own] = [engines.node, process.versions.node].map((text) => text.match(/\d+/g).map(Number));
  if (own[0] > oldest[0] || (own[0] === oldest[0] && own[1] >= oldest[1])) return;
  process.stderr.write(
    `This needs Node ${oldest.join('.')} or later, and npm runs it on ${process.versions.node}. ` +
      '`npm ci` brings one on Linux, and on Windows with x64; elsewhere, install it yourself.\n',
  );
  process.exit(1);
}

const ROOT = 'node_modules';
const UNREAD = [
  /^node-(linux|win)-\w+.(include|share)$/,
  /\.abi(115|127)\./,
  /\.([cm]?[jt]s|css)\.map$/,
  /^typescript.lib.[a-z-]+.diagnosticMessages\.generated\.json$/,
  /^playwright-core.lib.vite$/,
];

if (existsSync(ROOT)) {
  const paths = readdirSync(ROOT, { recursive: true }).filter((path) => UNREAD.some((one) => one.test(path)));
  // A workspace is a link to our own source.
  const own = paths
    .map((path) => join(ROOT, path))
    .filter((path) => existsSync(path) && realpathSync(path).includes(ROOT));
  for (const path of own) rmSync(path, { recursive: true, force: true });
}

const COMPILED = ['.cache/tests', '.cache/compiled'];
/** Of some 7 kB each. */
const FILES_MAX = 20_000;

for (const folder of COMPILED.filter((path) => existsSync(path))) {
  if (readdirSync(folder, { recursive: true }).length > FILES_MAX) rmSync(folder, { recursive: true });
}
