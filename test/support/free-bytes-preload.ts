/**
 * Loaded into a manager before anything else: its disk has as much room as the file `FREE_BYTES_FILE` says, in bytes; as much as it
 * has where that is empty.
 */
import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

interface Room {
  readonly bsize: number;
  bavail: number;
}

function asTold<T>(room: T): T {
  const told = readFileSync(process.env.FREE_BYTES_FILE ?? '', 'utf8');
  const { bsize } = room as Room;
  if (told !== '') (room as Room).bavail = Math.floor(Number(told) / bsize);
  return room;
}

const { statfsSync } = fs;
const { statfs } = fs.promises;
fs.statfsSync = ((path: string) => asTold(statfsSync(path))) as typeof statfsSync;
fs.promises.statfs = (async (path: string) => asTold(await statfs(path))) as typeof statfs;
syncBuiltinESMExports();
