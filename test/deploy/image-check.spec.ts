/** `.ci/image` on a docker that has what docker-compose.yml builds: whether the real one does is asked in the public workflow. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'yaml';

const exec = promisify(execFile);
const { image } = parse(readFileSync('docker-compose.yml', 'utf8')).services.manager as { image: string };
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, { dev?: boolean; optional?: boolean; link?: boolean }>>;
};

/** The last argument of `docker run` is an image; `compose exec -T manager` runs the rest inside. */
const DOCKER = `#!/usr/bin/env bash
has() { [ "$1" = '${image}' ] || { echo "Unable to find image '$1' locally" && exit 125; }; }
case "$*" in
  'run --rm '*) has "\${@: -1}"; echo 'or ALLOW_OPEN=true'; exit 1 ;;
  'run '*) has "\${@: -1}" ;;
  'tag '*) has "$2" ;;
  'compose ps '*) echo 0 ;;
  'compose exec '*)
    shift 4
    case "$*" in
      'id '*) echo 1000 ;;
      'touch '*) exit 1 ;;
      'wxkf-manager --version' | 'node -p '*) echo '${version}' ;;
      'wxkf-manager check '*) echo '{"check":"configuration","status":"ok"},{"check":"store","status":"ok"}' ;;
      'node -e '*) cd "$APP" && exec "$@" ;;
    esac ;;
esac
`;

const CURL = `#!/usr/bin/env bash
case "$*" in
  *'Host: evil.example'*/api/*) echo 403 ;;
  *'Host: '*) echo 200 ;;
  *) echo '<script type="module" src="/console/assets/index.js"></script>' ;;
esac
`;

let folder: string;

/** As `npm ci --omit=dev --workspaces=false` leaves it. */
function installed(): readonly string[] {
  return Object.entries(packages)
    .filter(([place, { dev, optional, link }]) => /^node_modules\//.test(place) && !dev && !optional && !link)
    .map(([place]) => place);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-image-check-'));
  for (const [name, text] of Object.entries({ docker: DOCKER, curl: CURL }))
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  for (const place of installed()) mkdirSync(join(folder, 'app', place), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function check(): Promise<string> {
  const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, APP: join(folder, 'app') };
  const { stdout } = await exec('bash', ['.ci/image'], { env }).catch((error) => error);
  return stdout;
}

it('passes on the image that docker-compose.yml builds', async () => {
  expect(await check()).toContain('it starts as the README says');
});

it('fails where a dependency of production is not in it', async () => {
  rmSync(join(folder, 'app/node_modules/mongoose'), { recursive: true });
  const told = await check();
  expect(told).toContain('its root is read-only');
  expect(told).not.toContain('all dependencies of production are in');
});
