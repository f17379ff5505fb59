/**
 * `npm run check:container`: tries the container where no container engine is at hand. It holds the Dockerfile
 * and docker-compose.yml against what was promised, carries out the Dockerfile's own steps, starts what comes
 * out and stops it. It cannot say anything about the base images.
 */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, checkDependencies, copyContext, type User } from './container/build.js';
import { checkCompose } from './container/compose.js';
import { checkDockerfile, lintDockerfile, parseStages, type Stage } from './container/dockerfile.js';
import { say } from './container/report.js';
import { run } from './container/run.js';
import { serve } from './container/serve.js';

async function check(temp: string): Promise<void> {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const stages = parseStages(dockerfile);
  const image = stages.at(-1);
  if (!image) throw new Error('Dockerfile: there is no stage');
  lintDockerfile(dockerfile, stages);
  checkDockerfile(stages, image, JSON.parse(readFileSync('package.json', 'utf8')).version);
  checkCompose(readFileSync('docker-compose.yml', 'utf8'), image);

  // This Node alone, so that no other program that lies beside it is found first, and readable to every user.
  const bin = join(temp, 'bin');
  mkdirSync(bin);
  copyFileSync(process.execPath, join(bin, 'node'));
  const user = userOf(image);
  copyContext(join(temp, 'context'));
  const root = build(stages, image, temp, bin, user);
  checkDependencies(join(root, image.workdir));
  await serve(image, root, bin, user);
}

/** The user of the image where this runs as root and may become it, otherwise whoever runs this. */
function userOf({ user }: Stage): User {
  const [uid = 0, gid = 0] = user.split(':').map(Number);
  const ownUid = process.getuid?.() ?? 0;
  return ownUid === 0 ? { uid, gid } : { uid: ownUid, gid: process.getgid?.() ?? 0 };
}

process.umask(0o022);
const temp = mkdtempSync(join(tmpdir(), 'check-container-'));
chmodSync(temp, 0o755);
process.on('exit', () => {
  // Nobody but root can empty a folder that may not be written to.
  run(['chmod', '-R', 'u+w', temp]);
  rmSync(temp, { recursive: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

try {
  await check(temp);
  say('the container holds what it promises');
} catch (error) {
  process.stderr.write(`check-container: ${error instanceof Error ? error.message : error}\n`);
  // Not by its code alone: a service that still runs would hold this process.
  process.exit(1);
}
