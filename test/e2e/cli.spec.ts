/** The commands for the shell, as the build has them. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.js';
import { runCli, spawnCli } from '../support/cli-process.js';
import { embeddedPlace, newSecretsKey } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';

// All kinds of command lines are in commands.spec.ts.
it('a command that there is not is answered on standard error, with exit code 2', async () => {
  const { code, stdout, stderr } = await runCli({}, 'resael');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain("error: unknown command 'resael'\n(Did you mean reseal?)\n");
  expect(stderr).not.toMatch(/^ +at /m);
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
    const { stdout } = await runCli({}, 'keys', 'generate', '--json');
    const made = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(made)).toEqual(Object.keys(FORMS));
    for (const [name, form] of Object.entries(FORMS))
      expect([name, made[name]]).toEqual([name, expect.stringMatching(form)]);
    expect(new Set(Object.values(made)).size).toBe(7);
    const { METRICS_TOKEN: _metrics, Token: _token, EncodingAESKey: _key, ...settings } = made;
    expect(loadConfig(settings).secretsKeys).toHaveLength(1);
  });

  it('prints one by its name alone', async () => {
    const { stdout, stderr } = await runCli({}, 'keys', 'generate', 'encoding-aes-key');
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^[A-Za-z0-9]{43}\n$/), '']);
  });

  // What becomes of a file that is there is in env-file.spec.ts.
  it('adds them to a file, and prints no value then; where the shell writes them to one it says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wxkf-keys-'));
    const file = join(folder, '.env');
    const missing = join(folder, 'missing', '.env');
    const [added, unwritten, wecoms] = await Promise.all([
      runCli({}, 'keys', 'generate', '--add-to', file),
      runCli({}, 'keys', 'generate', '--add-to', missing),
      runCli({}, 'keys', 'generate', 'callback-token', '--add-to', missing),
    ]);
    expect([wecoms.code, wecoms.stderr]).toEqual([1, 'Token is no setting; leave --add-to out\n']);
    expect([unwritten.code, unwritten.stderr]).toEqual([
      1,
      `${missing} cannot be used (ENOENT); nothing was changed\n`,
    ]);
    expect(added).toEqual({
      code: 0,
      stdout: `${file}: ${Object.keys(FORMS).slice(0, 5).join(', ')} added; nothing there already\n`,
      stderr: '',
    });
    expect(Object.keys(parseEnv(readFileSync(file, 'utf8'))).sort()).toEqual(
      Object.keys(FORMS).slice(0, 5).sort(),
    );
    const output = openSync(join(folder, 'redirected'), 'a');
    const { status, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'keys', 'generate'], {
      stdio: ['ignore', output, 'pipe'],
    });
    closeSync(output);
    expect([status, String(stderr)]).toEqual([
      0,
      expect.stringContaining('--add-to FILE adds only missing values'),
    ]);
    const redirected = parseEnv(readFileSync(join(folder, 'redirected'), 'utf8'));
    expect(Object.keys(redirected).sort()).toEqual(Object.keys(FORMS).slice(0, 5).sort());
    rmSync(folder, { recursive: true });
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
  expect(readdirSync(place.env.DATA_DIR ?? '').sort()).toEqual(['lock.db', 'log.db', 'wxkf.db']);
  await place.discard();
});

it('ends quietly when whoever reads its output has gone, as head does', async () => {
  const place = embeddedPlace();
  const child = spawnCli(place.env, 'export', '--plain');
  child.stdout.destroy();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([141, expect.not.stringMatching(/EPIPE|Error|cannot/)]);
  await place.discard();
});

it('reseal says in one line that it has no key, wrong settings, or no database', async () => {
  const { host } = new URL(await refusedUrl());
  const away = { SECRETS_KEY: newSecretsKey(), MONGO_URI: `mongodb://user:marked-secret@${host}/wxkf` };
  const [keyless, mistaken, silent] = await Promise.all([
    runCli({}, 'reseal'),
    runCli({ SECRETS_KEY: 'marked-secret', PORT: 'x' }, 'reseal'),
    runCli(away, 'reseal'),
  ]);
  expect([keyless.code, mistaken.code, silent.code]).toEqual([1, 1, 1]);
  expect(keyless.stderr).toMatch(/^SECRETS_KEY is not set.*--plain\n$/);
  expect(mistaken.stderr).toMatch(
    /2 mistake\(s\):\n {2}PORT: .+\n {2}SECRETS_KEY: key 1 of 1 must be base64/,
  );
  expect(mistaken.stderr).not.toContain('marked-secret');
  expect([silent.stdout, silent.stderr]).toEqual(['', 'The store does not answer; try again shortly\n']);
});
