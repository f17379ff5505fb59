/**
 * `npm ci` ends with this: deletes what nothing here reads of node_modules, 150 MB of 590: the headers and the npm that come
 * with Node, source maps, LMDB's binaries for Node 20 and 22, TypeScript's messages in other languages, and the pages of
 * Playwright's trace viewer and reports. May be repeated. Runs on the system's Node, and with `--omit=dev` too. Who installs
 * the published package does not run it.
 */
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = 'node_modules';
const UNREAD = [
  /^node.node_modules$/,
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
