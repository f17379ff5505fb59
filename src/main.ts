/**
 * Entry. What must hold before the rest is loaded, since loading takes most of the start: a Node that can
 * run it, and signals that end it. As a container's first process it is ended by none that nobody awaits.
 */
const NODE_VERSION_MIN = [24, 9] as const;

requireNode();
process.on('SIGTERM', leave);
process.on('SIGINT', leave);
const { start } = await import('./start.js');
await start();

/** Before there is anything to drain. */
function leave(): void {
  process.exit(0);
}

function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  process.stderr.write(
    `WXKF-Manager needs Node ${NODE_VERSION_MIN.join('.')} or later and this is ${process.versions.node}. ` +
      'Start it with `npm start`, which uses the Node that `npm ci` installed.\n',
  );
  process.exit(1);
}
