/**
 * `npx tsx scripts/check-package.ts`: packs what `npm publish` would, installs that file into an empty folder as somebody does who
 * has nothing else of this project, and uses it: a callback goes through the manager, and the demo through all of it.
 */
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LineProcess } from '../packages/simulator/demo/line-process.js';
import { Manager } from '../packages/simulator/demo/manager.js';
import { hereIn } from '../packages/simulator/here.js';
import { linksOf, toPage } from '../test/docs/markdown.js';
import { register, startPuppetServer } from '../test/support/puppet-server.js';
import { newApp, newOpenKfId, sendMessage } from '../test/support/wecom.js';

const LIMIT_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'wxkf-package-'));
const [home, prefix, work] = ['home', 'prefix', 'work'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
for (const each of [home, work]) mkdirSync(each);

const exec = promisify(execFile);

/** Of npm's settings only where packages come from, and those that it has already. */
const npmSettings = await Promise.all(
  ['registry', 'cache', 'cafile'].map(async (name) => {
    const { stdout } = await exec('npm', ['config', 'get', name]);
    return stdout.trim() === 'null' ? {} : { [`npm_config_${name}`]: stdout.trim() };
  }),
);
/** npm needs it where the registry has a certificate that the site itself has signed. */
const { NODE_EXTRA_CA_CERTS } = process.env;
const env: Record<string, string> = Object.assign(
  { PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter), HOME: home },
  NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS },
  ...npmSettings,
);

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await exec(program, args, { cwd: work, env, timeout: LIMIT_MS });
  return stdout.trim();
}

function expectSame(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected)
    throw new Error(`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
}

/** As `wxkf-manager start` in an empty folder. */
async function deliverOne(program: string): Promise<void> {
  const puppet = await startPuppetServer();
  const manager = new Manager(program, {
    args: ['start'],
    env: { PORT: '0', DRAIN_DELAY_MS: '0' },
    cwd: work,
  });
  try {
    const url = String((await manager.said('manager.listening')).url);
    const [app, openKfId, arrived] = [newApp(), newOpenKfId(), puppet.next()];
    await register(url, app, openKfId, puppet.url);
    const answer = await sendMessage(url, app, openKfId);
    expectSame('the answer to a callback', `${answer.status} ${await answer.text()}`, '200 success');
    expectSame('what the puppet was sent', (await arrived).path, '/callback');
    for (const page of ['console', 'docs', 'docs-json'])
      expectSame(`GET /${page}`, (await fetch(`${url}/${page}`)).status, 200);
    expectSame('the exit code after SIGTERM', await manager.stop(), 0);
  } finally {
    await Promise.all([manager.stop('SIGKILL'), puppet.close()]);
  }
}

/** Of the documents in the package. `root` is where it was installed. */
function expectLinksLead(root: string): void {
  const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules', 'dist'] });
  const lost = pages.flatMap((path) =>
    linksOf(toPage(path, readFileSync(join(root, path), 'utf8')))
      .filter((link) => !existsSync(join(root, dirname(path), decodeURIComponent(link.split('#')[0] ?? ''))))
      .map((link) => `${path}: ${link}`),
  );
  expectSame('links that lead nowhere', lost.join(', '), '');
  expectSame('how many documents are in the package', pages.length > 50, true);
}

/** Starts a manager and a bot by the commands that `wxkf-manager simulator` prints, and the simulator itself again. */
async function runWhatIsPrinted(root: string): Promise<void> {
  const started: LineProcess[] = [];
  const shell = (command: string): LineProcess => {
    const PATH = [join(prefix, 'bin'), env.PATH].join(delimiter);
    const options = { cwd: work, env: { ...env, PATH, PORT: '0', DRAIN_DELAY_MS: '0' } };
    // So that a signal reaches the program and not the shell.
    started.push(new LineProcess('-c', { ...options, runtime: 'sh', args: [`exec env ${command}`] }));
    return started.at(-1) as LineProcess;
  };
  try {
    const { start, simulator, fileOf } = hereIn(root);
    for (const command of [start, simulator, 'wxkf-manager connect'])
      expectSame(`the exit code of ${command} --help`, await shell(`${command} --help`).exited, 0);
    expectSame(
      'whether the README is there',
      existsSync(join(work, fileOf('README.md'))) || existsSync(fileOf('README.md')),
      true,
    );
    const wecom = shell(`wxkf-manager simulator --port 0 --customer 'Wang Wu' --trusted-ip 127.0.0.1`);
    await wecom.line(/^Ctrl-C ends it/);
    const paragraphs = wecom.lines.join('\n').split('\n\n');
    const after = (title: string): string =>
      (paragraphs[paragraphs.findIndex((one) => one.startsWith(title)) + 1] ?? '').trim();
    const manager = shell(after('The manager'));
    const { url } = JSON.parse(await manager.line(/"msg":"manager.listening"/));
    await shell(after('A bot').replace('http://127.0.0.1:7777', url)).line(/^registered /);
    const lineOf = async (one: LineProcess): Promise<string> =>
      // Somebody else may have taken the port meanwhile.
      (await one.line(/^The same again: /)).replace(/--port \d+/, '--port 0');
    const again = await lineOf(wecom);
    expectSame('the exit code of the simulator', await wecom.stop('SIGINT'), 0);
    const second = shell(again.replace('The same again: ', ''));
    expectSame('what is printed by the same again', await lineOf(second), again);
    expectSame('whether the customer is the same', again.includes(`--customer 'Wang Wu'`), true);
  } finally {
    await Promise.all(started.map((one) => one.stop('SIGKILL')));
  }
}

try {
  const packed = await exec('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const [{ filename, version, size, unpackedSize, entryCount }] = JSON.parse(packed.stdout);
  process.stdout.write(`${filename}: ${entryCount} files, ${size} bytes, ${unpackedSize} unpacked\n`);
  await run(
    'npm',
    'install',
    '--global',
    '--prefix',
    prefix,
    '--no-audit',
    '--no-fund',
    join(folder, filename),
  );
  const program = join(prefix, 'bin/wxkf-manager');
  expectSame('wxkf-manager --version', await run(program, '--version'), version);
  const root = join(prefix, 'lib/node_modules/wxkf-manager');
  expectLinksLead(root);
  await deliverOne(program);
  await runWhatIsPrinted(root);
  const told = await run(program, 'demo', '--once');
  expectSame('the end of the demo', told.split('\n').at(-1)?.includes('nothing is left behind'), true);
  process.stdout.write(
    'check-package: installed, its links lead somewhere, a callback delivered, stopped with 0, the printed commands work, and the demo told to its end\n',
  );
} catch (error) {
  process.stderr.write(`check-package: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
