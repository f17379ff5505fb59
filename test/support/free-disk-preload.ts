/** Loaded into a process before anything else: its disks have as many bytes free as the file `FREE_BYTES_FILE` says. */
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { statfsSync } = fs;

Object.assign(fs, {
  statfsSync: (path: string) => {
    const stats = statfsSync(path);
    return Object.assign(stats, {
      bavail: Math.floor(Number(readFileSync(process.env.FREE_BYTES_FILE ?? '', 'utf8')) / stats.bsize),
    });
  },
});
syncBuiltinESMExports();
