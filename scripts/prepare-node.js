/**
 * The first step of `npm run build`: makes sure that npm's scripts run on the Node that `npm ci` has installed.
 *
 * - npm 10 and older install it without its link in `node_modules/.bin`. `npm rebuild` adds the link.
 * - Where no Node comes with `npm ci`, as on macOS, a Node that is too old is refused.
 */
import { execSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

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
