/** A read-only root, as a container has it, where this may mount. */
import type { User } from './build.js';
import { succeeds } from './run.js';

/** Devices and the kernel's own folders stay as they are, as in a container. */
const MOUNTS = `
mount --bind "$1" "$1"
while read -r _ place _; do
  case "$place" in
    "$1" | /dev | /dev/* | /proc | /proc/* | /sys | /sys/*) ;;
    *) mount -o remount,bind,ro "$place" ;;
  esac
done </proc/self/mounts
shift
exec "$@"`;

/**
 * @returns The beginning of a command line, of which the rest is run by `user` without any right of root's, where nothing
 *   but `dataDir` can be written to, not even /tmp. `[]` where this cannot mount: not Linux, not root or in a container.
 */
export function readOnlyCommand(dataDir: string, { uid, gid }: User): readonly string[] {
  const mounts = ['unshare', '--mount', 'sh', '-ec', MOUNTS, 'sh', dataDir];
  const rights = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
  const command = [...mounts, 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...rights];
  return succeeds([...command, 'true'], {}) ? command : [];
}
