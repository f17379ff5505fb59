/** The commands for the shell, as the build has them. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import { runCli, spawnCli } from '../support/cli-process.js';
import { embeddedPlace, newSecretsKey } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';

const NO_WECOM = {
  ACCESS_TOKEN_URL: 'http://127.0.0.1:1/cgi-bin/gettoken',
  WECOM_API_URL: 'http://127.0.0.1:1',
};

describe('a command line', () => {
  it.each([
    ['no command', [], 'Usage: wxkf-manager [options] [command]\n'],
    ['a command that there is not', ['resael'], "error: unknown command 'resael'\n(Did you mean reseal?)\n"],
    ['a word too many for a program', ['start', 'now'], "error: too many arguments for 'start'."],
  ])(
    'with %s is answered with what leads on, on standard error, and exit code 2',
    async (_what, args, said) => {
      const { code, stdout, stderr } = await runCli({}, ...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(said);
      expect(stderr).toMatch(/^(Usage: wxkf-manager |\(add --help for additional information\)$)/m);
      expect(stderr).not.toMatch(/^ +at /m);
    },
  );

  it('shows no value of an option that there is not, which may be a secret', async () => {
    const { code, stderr } = await runCli({}, 'start', "--auth-operator-token=marked='\nsecret'");
    expect([code, stderr]).toEqual([2, expect.stringContaining("unknown option '--auth-operator-token'\n")]);
    expect(stderr).not.toMatch(/marked|secret/);
  });

  it('that asks for help is answered with it on standard output', async () => {
    const { code, stdout, stderr } = await runCli({}, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('  reseal [options]         seal all stored secrets');
    expect(stdout).toContain('\nExit codes: 0 all went well, ');
  });
});

it('is of the version that the package is of', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect((await runCli({}, '--version')).stdout).toBe(`${version}\n`);
});

describe('keys generate', () => {
  const FORMS = {
    SECRETS_KEY: /^[A-Za-z0-9+/]{43}=$/,
    AUTH_PUPPET_TOKEN: /^[A-Za-z0-9_-]{43}$/,
    AUTH_GATEWAY_TOKEN: /^[A-Za-z0-9_-]{43}$/,
    AUTH_OPERATOR_TOKEN: /^[A-Za-z0-9_-]{43}$/,
    METRICS_TOKEN: /^[A-Za-z0-9_-]{43}$/,
    Token: /^[A-Za-z0-9]{32}$/,
    EncodingAESKey: /^[A-Za-z0-9]{43}$/,
  };

  it('makes values that the settings and WeCom take, each of them new', async () => {
    const [{ stdout: first }, { stdout: second }] = await Promise.all([
      runCli({}, 'keys', 'generate', '--json'),
      runCli({}, 'keys', 'generate', '--json'),
    ]);
    const made = JSON.parse(first) as Record<string, string>;
    expect(Object.keys(made)).toEqual(Object.keys(FORMS));
    for (const [name, form] of Object.entries(FORMS))
      expect([name, made[name]]).toEqual([name, expect.stringMatching(form)]);
    expect(new Set([...Object.values(made), ...Object.values(JSON.parse(second))]).size).toBe(14);
    const { METRICS_TOKEN: _metrics, Token: _token, EncodingAESKey: _key, ...settings } = made;
    expect(loadConfig(settings).secretsKeys).toHaveLength(1);
  });

  it('prints them as an .env, or one by its name alone', async () => {
    const { stdout, stderr } = await runCli({}, 'keys', 'generate');
    expect([stdout.trimEnd().split('\n').length, stderr]).toEqual([7, '']);
    expect(Object.keys(parseEnv(stdout)).sort()).toEqual(Object.keys(FORMS).slice(0, 5).sort());
    const one = await runCli({}, 'keys', 'generate', 'encoding-aes-key');
    expect(one.stdout).toMatch(/^[A-Za-z0-9]{43}\n$/);
  });

  describe('with a file', () => {
    let folder: string;
    let file: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wxkf-keys-'));
      file = join(folder, '.env');
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    const generate = (...words: string[]) => runCli({}, 'keys', 'generate', '--add-to', file, ...words);
    const modeOf = (): number => statSync(file).mode & 0o777;

    it('makes it for its owner alone, prints no value, and changes nothing when it is repeated', async () => {
      const first = await generate();
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toBe(`${file}: ${Object.keys(FORMS).join(', ')} added; nothing there already\n`);
      const text = readFileSync(file, 'utf8');
      expect(Object.keys(parseEnv(text)).sort()).toEqual(Object.keys(FORMS).slice(0, 5).sort());
      expect([modeOf(), readdirSync(folder)]).toEqual([0o600, ['.env']]);
      const { SECRETS_KEY: secretsKey = '' } = parseEnv(text);
      expect(first.stdout).not.toContain(secretsKey);
      expect((await generate()).stdout).toBe(
        `${file}: nothing added; ${Object.keys(FORMS).join(', ')} there already\n`,
      );
      expect(readFileSync(file, 'utf8')).toBe(text);
    });

    it.each([
      ['in UTF-8', ''],
      ['in UTF-8 that begins with a byte order mark', '\uFEFF'],
    ])('leaves what is in it %s, and closes it to others', async (_what, mark) => {
      writeFileSync(
        file,
        `${mark}SECRETS_KEY=mine\nPORT=1\nAUTH_PUPPET_TOKEN_FILE=/run/secret\nMETRICS_TOKEN=`,
        {
          mode: 0o644,
        },
      );
      const { stdout } = await generate('--json');
      expect(JSON.parse(stdout)).toEqual({
        file,
        added: ['AUTH_GATEWAY_TOKEN', 'AUTH_OPERATOR_TOKEN', 'METRICS_TOKEN', 'Token', 'EncodingAESKey'],
        kept: ['SECRETS_KEY', 'AUTH_PUPPET_TOKEN'],
      });
      const settings = parseEnv(readFileSync(file, 'utf8').slice(mark.length));
      expect(settings).toMatchObject({
        PORT: '1',
        SECRETS_KEY: 'mine',
        METRICS_TOKEN: expect.stringMatching(FORMS.METRICS_TOKEN),
      });
      expect(settings).not.toHaveProperty('AUTH_PUPPET_TOKEN');
      expect(modeOf()).toBe(0o600);
    });

    it('adds one by its name alone', async () => {
      expect((await generate('secrets-key')).stdout).toBe(
        `${file}: SECRETS_KEY added; nothing there already\n`,
      );
      expect(Object.keys(parseEnv(readFileSync(file, 'utf8')))).toEqual(['SECRETS_KEY']);
    });

    it('changes nothing in one in UTF-16, and no command reads settings from it', async () => {
      const before = Buffer.from('\uFEFFSECRETS_KEY=mine\n', 'utf16le');
      writeFileSync(file, before);
      const { code, stderr } = await generate();
      expect([code, stderr]).toEqual([
        1,
        `${file} is no text in UTF-8; save it as UTF-8. Nothing was changed\n`,
      ]);
      expect(readFileSync(file)).toEqual(before);
      const cli = join(process.cwd(), 'dist/cli.js');
      const check = spawnSync(process.execPath, [cli, 'check'], { cwd: folder });
      expect([check.status, String(check.stdout)]).toEqual([
        1,
        expect.stringContaining('.env: is no text in UTF-8; save it as UTF-8'),
      ]);
    });

    it('says that it cannot be written to', async () => {
      file = join(folder, 'missing', '.env');
      const { code, stderr } = await generate();
      expect([code, stderr]).toEqual([1, `${file} cannot be used (ENOENT); nothing was changed\n`]);
    });

    it('says so where the shell writes them to one', () => {
      const output = openSync(file, 'a');
      const stdio = ['ignore', output, 'pipe'] as const;
      const { status, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'keys', 'generate'], {
        stdio: [...stdio],
      });
      closeSync(output);
      expect([status, String(stderr)]).toEqual([
        0,
        expect.stringContaining('--add-to FILE adds what is missing'),
      ]);
    });
  });
});

it('ends by Ctrl-C with 130, and puts its store away', async () => {
  const place = embeddedPlace();
  const child = spawnCli(place.env, 'import');
  const header = { format: 'wxkf-manager-registry', version: 1, secrets: 'plain', keyIds: [] };
  child.stdin.write(`${JSON.stringify(header)}\n{}\n`);
  const [said] = await once(child.stderr, 'data');
  expect(String(said)).toMatch(/^line 2: /);
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  expect(code).toBe(130);
  const marker = JSON.parse(readFileSync(join(place.env.DATA_DIR ?? '', 'store.json'), 'utf8'));
  expect(marker).toHaveProperty('closed');
  await place.discard();
});

/** The second one has written everything before it can know. */
it.each([
  ['export --plain', 141],
  ['keys generate', 0],
  ['check', 141],
])('%s ends quietly when whoever reads its output has gone, as head does', async (line, expected) => {
  const place = embeddedPlace();
  const child = spawnCli({ ...place.env, ...NO_WECOM }, ...line.split(' '));
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([expected, expect.not.stringMatching(/EPIPE|Error|cannot/)]);
  await place.discard();
});

describe('reseal', () => {
  it('without a key says that there is nothing to seal with', async () => {
    const { code, stderr } = await runCli({}, 'reseal');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^SECRETS_KEY is not set.*--plain\n$/)]);
  });

  it('reports every mistake of the settings, as the manager does', async () => {
    const { code, stderr } = await runCli({ SECRETS_KEY: 'marked-secret', PORT: 'x' }, 'reseal');
    expect(code).toBe(1);
    expect(stderr).toMatch(/2 mistake\(s\):\n {2}PORT: .+\n {2}SECRETS_KEY: key 1 of 1 must be base64/);
    expect(stderr).not.toContain('marked-secret');
  });

  it('says in one line that its database does not answer', async () => {
    const { host } = new URL(await refusedUrl());
    const env = { SECRETS_KEY: newSecretsKey(), MONGO_URI: `mongodb://user:marked-secret@${host}/wxkf` };
    const { code, stdout, stderr } = await runCli(env, 'reseal');
    expect([code, stdout, stderr]).toEqual([1, '', 'The storage does not answer; try again shortly\n']);
  });
});
