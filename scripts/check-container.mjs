/**
 * Tries the container where no container engine is at hand: lints the Dockerfile, holds docker-compose.yml
 * against it, then carries out the Dockerfile's own steps in a temporary folder per stage, starts what comes
 * out, asks its health check and stops it. It cannot say anything about the base images.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import dockerfilelint from 'dockerfilelint';
import { parse as parseYaml } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '..');
const DRAIN_TIMEOUT_DEFAULT_MS = 25_000;
const STEP_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 5000;
/** nobody:nogroup when root, so that "not root" and "read-only" are real; otherwise whoever runs this. */
const SERVICE_USER =
  process.getuid() === 0 ? { uid: 65_534, gid: 65_534 } : { uid: process.getuid(), gid: process.getgid() };

const startedMs = Date.now();
const children = new Set();
const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8');
const say = (line) =>
  process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);

function expect(holds, problem) {
  if (!holds) throw new Error(problem);
}

/** Names every row that does not hold, so that one run shows all there is to mend. */
function expectAll(title, rows) {
  const wrong = rows.filter(([, holds]) => !holds).map(([promise]) => `\n  - ${promise}`);
  expect(wrong.length === 0, `${title}: does not hold:${wrong.join('')}`);
  say(`${title}: ${rows.length} promises hold`);
}

// ---- The Dockerfile, read ----

/** `name=value name="a value"`; before a flag's name its dashes fall away. */
const pairs = (text) =>
  Object.fromEntries(
    [...text.matchAll(/(\w[\w.-]*)=(?:"([^"]*)"|(\S+))/g)].map(([, name, quoted, bare]) => [
      name,
      quoted ?? bare,
    ]),
  );

function parseInstructions(text) {
  const instructions = [];
  let pending = '';
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    pending += line.replace(/\\$/, ' ');
    if (line.endsWith('\\')) continue;
    const [, keyword, flags, args] = /^(\S+)((?:\s+--[a-z-]+=\S+)*)\s+(.*)$/.exec(pending) ?? [];
    expect(keyword && !args.includes('<<'), `Dockerfile: cannot read "${pending}"`);
    instructions.push({ keyword: keyword.toUpperCase(), flags: pairs(flags), args: args.trim() });
    pending = '';
  }
  return instructions;
}

function execForm(keyword, args) {
  try {
    return JSON.parse(args);
  } catch {
    throw new Error(`Dockerfile: ${keyword} must be in exec form, a JSON list, and is: ${args}`);
  }
}

/** What an instruction changes in the description of its stage. RUN and COPY are kept, to be carried out. */
const DESCRIBE = {
  LABEL: (stage, { args }) => Object.assign(stage.labels, pairs(args)),
  ENV: (stage, { args }) => Object.assign(stage.env, pairs(args)),
  WORKDIR: (stage, { args }) => {
    stage.workdir = path.posix.resolve(stage.workdir, args);
    stage.steps.push({ keyword: 'WORKDIR', flags: {}, args: stage.workdir });
  },
  USER: (stage, { args }) => {
    stage.user = args;
  },
  VOLUME: (stage, { args }) => stage.volumes.push(...args.split(/\s+/)),
  EXPOSE: (stage, { args }) => stage.ports.push(...args.split(/\s+/)),
  HEALTHCHECK: (stage, { args }) => {
    stage.healthcheck = execForm('HEALTHCHECK', args.replace(/^CMD\s+/, ''));
  },
  CMD: (stage, { args }) => {
    stage.cmd = execForm('CMD', args);
  },
  RUN: (stage, step) => stage.steps.push({ ...step, workdir: stage.workdir, env: { ...stage.env } }),
  COPY: (stage, step) => stage.steps.push({ ...step, workdir: stage.workdir }),
};

function parseStages(text) {
  const stages = [];
  for (const instruction of parseInstructions(text)) {
    const { keyword, args } = instruction;
    if (keyword === 'FROM') {
      const [from, , name = 'final'] = args.split(/\s+/);
      const parent = stages.find((stage) => stage.name === from);
      const inherited = parent ?? { workdir: '/', user: 'root', env: {}, labels: {} };
      const { workdir, user } = inherited;
      const [env, labels] = [{ ...inherited.env }, { ...inherited.labels }];
      stages.push({ name, from, parent, workdir, user, env, labels, volumes: [], ports: [], steps: [] });
    } else {
      expect(DESCRIBE[keyword], `Dockerfile: ${keyword} is not known here; teach it to check-container.mjs`);
      DESCRIBE[keyword](stages.at(-1), instruction);
    }
  }
  return stages;
}

// ---- Both files, held against what was promised ----

/** Findings of dockerfilelint that are its own mistakes. */
const LINT_MISTAKES = [
  // The name of an earlier stage has no tag.
  ({ rule }, line, stages) =>
    rule === 'missing_tag' && stages.some(({ name }) => line.split(/\s+/)[1] === name),
  // It reads `--start-period` as `--start`, which it does not know.
  ({ rule }, line) => rule === 'invalid_format' && /^HEALTHCHECK .*--start-period=\d+s/.test(line),
];

function lintDockerfile(text, stages) {
  const lines = text.split('\n');
  const findings = dockerfilelint
    .run(ROOT, text)
    .filter(
      (finding) => !LINT_MISTAKES.some((isMistake) => isMistake(finding, lines[finding.line - 1], stages)),
    );
  const shown = findings.map(({ line, rule, title }) => `\n  - line ${line}: ${title} (${rule})`);
  expect(findings.length === 0, `Dockerfile: dockerfilelint found:${shown.join('')}`);
  say('Dockerfile: dockerfilelint finds nothing');
}

function checkDockerfile(text, stages) {
  const image = stages.at(-1);
  const bases = stages.filter(({ parent }) => !parent).map(({ from }) => from);
  expectAll('Dockerfile', [
    [
      'every base image is node:24 in a slim flavour',
      bases.every((base) => /^node:24[\w.]*-\w+-slim$/.test(base)),
    ],
    ['there is more than one stage', stages.length > 1],
    ['the user is not root, and given by number', /^[1-9]\d*:[1-9]\d*$/.test(image.user)],
    ['NODE_ENV is production', image.env.NODE_ENV === 'production'],
    ['HOST is 0.0.0.0, or nothing outside the container reaches it', image.env.HOST === '0.0.0.0'],
    ['DATA_DIR is a volume', image.volumes.includes(image.env.DATA_DIR)],
    ['PORT is exposed', image.ports.includes(image.env.PORT)],
    ['there is a health check', image.healthcheck !== undefined],
    ['CMD starts node itself, so that signals reach it', image.cmd?.[0] === 'node'],
    ['optional dependencies stay (the binary of lmdb is one)', !/^[^#]*--omit=optional/m.test(text)],
    [
      'the version label is that of package.json',
      image.labels['org.opencontainers.image.version'] === JSON.parse(read('package.json')).version,
    ],
  ]);
}

const toMs = (duration) => {
  const [, amount, unit] = /^(\d+)(ms|s|m)$/.exec(duration) ?? [];
  return Number(amount) * { ms: 1, s: 1000, m: 60_000 }[unit];
};

function checkCompose(image) {
  const { services, volumes } = parseYaml(read('docker-compose.yml'));
  const { manager, mongo } = services;
  const uri = new URL(manager.environment.MONGO_URI);
  const setName = uri.searchParams.get('replicaSet');
  const mongoCheck = mongo.healthcheck?.test.join(' ') ?? '';
  const mounts = (service) => service.volumes.map((mount) => mount.split(':'));
  const keeps = (service, target) => mounts(service).some(([name, at]) => at === target && name in volumes);
  expectAll('docker-compose.yml', [
    [
      'the manager is built from here and has the health check of its image',
      manager.build === '.' && image.healthcheck,
    ],
    ['mongo has a health check', mongoCheck !== ''],
    ['the manager waits for a healthy mongo', manager.depends_on.mongo.condition === 'service_healthy'],
    ['MONGO_URI names a service and a replica set', uri.hostname in services && setName],
    ['mongod is started with that replica set', mongo.command.join(' ').includes(`--replSet ${setName}`)],
    ['the health check initiates that replica set', mongoCheck.includes(`_id: '${setName}'`)],
    [
      'its member is the host of MONGO_URI',
      mongoCheck.includes(`host: '${uri.hostname}:${uri.port || 27017}'`),
    ],
    ['the data of mongo is in a named volume', keeps(mongo, '/data/db')],
    ['DATA_DIR is in a named volume', keeps(manager, image.env.DATA_DIR)],
    [
      'the manager has longer to stop than it takes at most',
      toMs(manager.stop_grace_period) >=
        Number(manager.environment.DRAIN_TIMEOUT_MS ?? DRAIN_TIMEOUT_DEFAULT_MS),
    ],
    [
      'the port is published on this machine only',
      manager.ports.every((port) => port.startsWith('127.0.0.1:')),
    ],
    ['what is published is PORT', manager.ports.every((port) => port.endsWith(`:${image.env.PORT}`))],
    ['mongo is not published', mongo.ports === undefined],
    ['the root file system is read-only', manager.read_only === true],
    ['no capability is left', manager.cap_drop?.includes('ALL') && !manager.cap_add],
    ['no privilege can be gained', manager.security_opt?.includes('no-new-privileges:true')],
    ['the manager is not made root again', manager.user === undefined && !manager.privileged],
    ['both come back by themselves', [manager, mongo].every(({ restart }) => restart === 'unless-stopped')],
  ]);
}

// ---- The build, carried out ----

/** Roughly Docker's rules: the last matching line wins, and what is in an ignored folder is ignored. */
function dockerIgnore(text) {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const source = line
        .replace(/^!?\/?/, '')
        .replace(/\/$/, '')
        .replace(/[.+^${}()|]/g, '\\$&')
        .replace(
          /\*\*\/|\*\*|\*|\?/g,
          (glob) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' })[glob],
        );
      return { ignores: !line.startsWith('!'), pattern: new RegExp(`^${source}(?:/|$)`) };
    });
  return (file) => rules.findLast(({ pattern }) => pattern.test(file))?.ignores ?? false;
}

function copyContext(to) {
  const isIgnored = dockerIgnore(read('.dockerignore'));
  const mustNotGetIn = [
    '.env',
    '.env.local',
    '.git/config',
    'data/data.mdb',
    'node_modules/lmdb/index.js',
    'dist/main.js',
  ];
  const leaked = mustNotGetIn.filter((file) => !isIgnored(file));
  expect(leaked.length === 0, `.dockerignore lets into the build: ${leaked.join(', ')}`);
  const filter = (source) => !isIgnored(path.relative(ROOT, source));
  fs.cpSync(ROOT, to, { recursive: true, verbatimSymlinks: true, filter });
  say(`build context: ${fs.readdirSync(to).join(' ')}`);
}

/** Starts a command in a process group of its own; `child.output` is its last output, `child.ended` how it ended. */
function start([command, ...args], options) {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.output = (child.output + text).slice(-8000);
    });
  }
  child.ended = new Promise((resolve) => {
    child.once('error', ({ message }) => {
      child.output += message;
      resolve({ code: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => children.delete(child));
  return child;
}

/** Waits for its end, and brings it about after `timeoutMs`. */
async function endOf(child, timeoutMs) {
  const timer = setTimeout(() => {
    child.output += `\nkilled: it still ran after ${timeoutMs / 1000} s`;
    killGroup(child);
  }, timeoutMs);
  const { code, signal } = await child.ended;
  clearTimeout(timer);
  return { ok: code === 0, how: code ?? signal, output: child.output };
}

const run = (command, options, timeoutMs = STEP_TIMEOUT_MS) => endOf(start(command, options), timeoutMs);

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

const inStage = (stage, file) => path.join(stage.dir, path.posix.resolve(stage.workdir, file));

/**
 * Without what `npm run` and node_modules of this folder would add, which no image has. The rest stays, since
 * npm's settings for a proxy or a mirror are in it.
 */
function buildEnv(bin, stageEnv) {
  const fromHere =
    /^(npm_(package|lifecycle|config_local_prefix|config_prefix|command|node)|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !fromHere.test(name)));
  const rest = env.PATH.split(path.delimiter).filter((dir) => !/node_modules|node-gyp-bin/.test(dir));
  return { ...env, PATH: [bin, ...rest].join(path.delimiter), ...stageEnv };
}

/** The same command with the image's absolute paths and its user as they are called here. */
function translate(command, stage, topFolders) {
  const paths = new RegExp(`(?<![\\w./-])/(?=(?:${topFolders.join('|')})(?:[/\\s;&"']|$))`, 'g');
  return command
    .replace(paths, `${stage.dir}/`)
    .replace(/(?<=chown )\d+:\d+/g, `${SERVICE_USER.uid}:${SERVICE_USER.gid}`);
}

function copyStep({ flags, args }, stage, stages, context) {
  const sources = args.split(/\s+/);
  const target = sources.pop();
  const from = stages.find(({ name }) => name === flags.from);
  expect(from || !flags.from, `Dockerfile: COPY --from=${flags.from} names no stage`);
  for (const source of sources) {
    const origin = from ? path.join(from.dir, source) : path.join(context, source);
    expect(fs.existsSync(origin), `COPY ${args}: ${source} is not in ${flags.from ?? 'the build context'}`);
    const intoFolder = fs.statSync(origin).isFile() && (/\/$|^\.$/.test(target) || sources.length > 1);
    const destination = inStage(stage, intoFolder ? path.join(target, path.basename(source)) : target);
    fs.cpSync(origin, destination, { recursive: true, verbatimSymlinks: true });
  }
}

async function buildStage(stage, stages, { temp, bin, context, topFolders }) {
  stage.dir = path.join(temp, `stage-${stages.indexOf(stage)}-${stage.name}`);
  fs.mkdirSync(stage.dir);
  if (stage.parent) fs.cpSync(stage.parent.dir, stage.dir, { recursive: true, verbatimSymlinks: true });
  for (const step of stage.steps) {
    const at = { dir: stage.dir, workdir: step.workdir };
    if (step.keyword === 'WORKDIR') fs.mkdirSync(path.join(stage.dir, step.args), { recursive: true });
    if (step.keyword === 'COPY') copyStep(step, at, stages, context);
    if (step.keyword === 'RUN') {
      const options = { cwd: inStage(at, '.'), env: buildEnv(bin, step.env) };
      const { ok, output } = await run(['sh', '-c', translate(step.args, stage, topFolders)], options);
      expect(ok, `${stage.name}: RUN ${step.args} failed:\n${output}`);
    }
    say(`${stage.name}: ${step.keyword} ${step.flags.from ? `--from=${step.flags.from} ` : ''}${step.args}`);
  }
}

/** Held against the lock file, which says of every folder under node_modules who needs it. */
function checkDependencies(app) {
  const { packages } = JSON.parse(read('package-lock.json'));
  const folders = Object.entries(packages).filter(([folder]) => folder !== '');
  const isThere = ([folder]) => fs.existsSync(path.join(app, folder));
  const dev = folders.filter(([, entry]) => entry.dev);
  const production = folders.filter(
    ([, { dev, devOptional, optional }]) => !dev && !devOptional && !optional,
  );
  const names = (entries) =>
    entries
      .map(([folder]) => folder.replace('node_modules/', ''))
      .slice(0, 10)
      .join(', ');
  const tooMany = dev.filter(isThere);
  const missing = production.filter((entry) => !isThere(entry));
  expect(
    tooMany.length === 0,
    `the image contains ${tooMany.length} development dependencies: ${names(tooMany)}`,
  );
  expect(missing.length === 0, `the image lacks ${missing.length} dependencies: ${names(missing)}`);
  say(`dependencies: ${production.length} of production are in, ${dev.length} of development are not`);
}

// ---- The start, the health check, the stop ----

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Takes the write permission from everything but the data folder, which the Dockerfile gave to its user. */
async function makeReadOnly(image, options) {
  const data = path.join(image.dir, image.env.DATA_DIR);
  const others = fs.readdirSync(image.dir).filter((name) => path.join(image.dir, name) !== data);
  const chmod = await run(['chmod', '-R', 'a-w', ...others], { cwd: image.dir });
  expect(chmod.ok, `chmod: ${chmod.output}`);
  fs.chmodSync(image.dir, 0o555);
  const write = (folder) =>
    run(['node', '-e', `fs.writeFileSync(${JSON.stringify(path.join(folder, 'probe'))}, '')`], options);
  expect(
    !(await write(options.cwd)).ok,
    'the app folder could still be written to, so read-only was not tried',
  );
  expect((await write(data)).ok, `the image's user cannot write to DATA_DIR (${image.env.DATA_DIR})`);
  fs.rmSync(path.join(data, 'probe'));
  say(`read-only: uid ${options.uid} can write to ${image.env.DATA_DIR} and nowhere else`);
}

async function waitUntil(what, child, isSo) {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!(await isSo())) {
    const late = Date.now() > deadlineMs && `not within ${START_TIMEOUT_MS / 1000} s`;
    const problem = children.has(child) ? late : 'the service ended before';
    expect(!problem, `${problem}: ${what}. Its last output:\n${child.output}`);
    await delay(200);
  }
  say(what);
}

async function serve(image, bin) {
  const port = await freePort();
  const data = path.join(image.dir, image.env.DATA_DIR);
  const moved = { HOST: '127.0.0.1', PORT: String(port), DATA_DIR: data, DRAIN_DELAY_MS: '0' };
  // Temporary files have no place either: with a read-only root there is none unless one is mounted.
  const folders = { HOME: image.dir, TMPDIR: image.dir, PATH: `${bin}:/usr/bin:/bin` };
  const options = { cwd: inStage(image, '.'), env: { ...folders, ...image.env, ...moved }, ...SERVICE_USER };
  await makeReadOnly(image, options);

  const child = start(image.cmd, options);
  const healthcheck = async () => (await run(image.healthcheck, options, PROBE_TIMEOUT_MS)).ok;
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
      ({ status }) => status === 200,
      () => false,
    );
  await waitUntil(`${image.cmd.join(' ')}: the health check succeeds`, child, healthcheck);
  await waitUntil('/health/ready answers 200', child, ready);

  const stoppedMs = Date.now();
  child.kill('SIGTERM');
  const { ok, how, output } = await endOf(child, DRAIN_TIMEOUT_DEFAULT_MS);
  expect(ok, `after SIGTERM: exit code 0 expected, got ${how}:\n${output}`);
  say(`SIGTERM: exit code 0 after ${Date.now() - stoppedMs} ms`);
  expect(!(await healthcheck()), 'the health check succeeds although nothing runs');
  say('the health check fails once nothing runs');
}

async function main(temp) {
  const dockerfile = read('Dockerfile');
  const stages = parseStages(dockerfile);
  const image = stages.at(-1);
  lintDockerfile(dockerfile, stages);
  checkDockerfile(dockerfile, stages);
  checkCompose(image);

  // This Node alone, so that no other program that lies beside it is found first, and readable to every user.
  const bin = path.join(temp, 'bin');
  fs.mkdirSync(bin);
  fs.copyFileSync(process.execPath, path.join(bin, 'node'));
  const context = path.join(temp, 'context');
  copyContext(context);
  const topFolders = [image.workdir, image.env.DATA_DIR].map((dir) => dir.split('/')[1]);
  for (const stage of stages) await buildStage(stage, stages, { temp, bin, context, topFolders });
  checkDependencies(inStage(image, '.'));
  await serve(image, bin);
}

process.umask(0o022);
const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'check-container-'));
fs.chmodSync(temp, 0o755);
process.on('exit', () => {
  for (const child of children) killGroup(child);
  // Its owner cannot empty a folder without the permission that makeReadOnly took away.
  for (const entry of fs.readdirSync(temp, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) fs.chmodSync(path.join(entry.parentPath, entry.name), 0o755);
  }
  fs.rmSync(temp, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

try {
  await main(temp);
  say('the container holds what it promises');
} catch (error) {
  process.stderr.write(`check-container: ${error.message}\n`);
  process.exitCode = 1;
}
