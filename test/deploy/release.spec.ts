/** What the workflow of a release does with the package; the registry itself is asked by nobody here. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';

const { jobs } = parse(readFileSync('.github/workflows/release.yml', 'utf8'));
const lines = (jobs.package.steps as readonly { run?: string }[]).flatMap(({ run }) => run ?? []);

it('publishes a package that names the repository of its provenance, since npm refuses any other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-release-'));
  try {
    copyFileSync('package.json', join(folder, 'package.json'));
    const env = {
      ...process.env,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'Owner/manager',
    };
    const publishing = lines.findIndex((line) => line.startsWith('npm publish'));
    expect(lines[publishing]).toContain('--provenance');
    for (const line of lines.slice(0, publishing).filter((one) => one.startsWith('npm pkg ')))
      execFileSync('bash', ['-c', line], { cwd: folder, env });
    const { repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(repository).toEqual({ type: 'git', url: 'git+https://github.com/Owner/manager.git' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
