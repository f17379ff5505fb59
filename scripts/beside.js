/**
 * `node scripts/beside.js <script of package.json>...` runs these scripts side by side, since each uses little more than one
 * core. It ends when all have ended, and fails if one has failed.
 */
import { spawn } from 'node:child_process';

/** @returns `null` where a signal ended it. */
function run(script) {
  const child = spawn(process.execPath, ['--run', script], { stdio: 'inherit' });
  return new Promise((resolve) => child.once('close', resolve));
}

const codes = await Promise.all(process.argv.slice(2).map(run));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
