/** From here on Node's SQLite has its log's reset mended (3.51.3). */
const NODE_VERSION_MIN = [24, 15] as const;

/** Ends the process on an older Node, where it would fail later and less clearly. */
export function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  process.stderr.write(
    `WXKF-Manager needs Node ${NODE_VERSION_MIN.join('.')} or later and this is ${process.versions.node}. ` +
      'Install a later Node; in a checkout on Linux or Windows, the scripts of npm use the Node that `npm ci` has installed.\n',
  );
  process.exit(1);
}
