import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { addToEnvFile } from './env-file.js';
import { GENERATED } from './generated.js';

const CHOSEN = GENERATED.filter(({ label }) =>
  ['SECRETS_KEY', 'AUTH_PUPPET_TOKEN', 'METRICS_TOKEN'].includes(label),
);

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-keys-'));
  file = join(folder, '.env');
});

afterEach(() => rmSync(folder, { recursive: true }));

const add = (value: string) =>
  addToEnvFile(
    file,
    CHOSEN.map((of) => ({ of, text: `${of.label}=${value}` })),
  );
const modeOf = (): number => statSync(file).mode & 0o777;

it('is made for its owner alone, and nothing is changed when it is repeated', () => {
  const all = CHOSEN.map(({ label }) => label);
  expect(add('first')).toEqual({ added: all, kept: [] });
  const text = readFileSync(file, 'utf8');
  expect(parseEnv(text)).toEqual({
    SECRETS_KEY: 'first',
    AUTH_PUPPET_TOKEN: 'first',
    METRICS_TOKEN: 'first',
  });
  expect([modeOf(), readdirSync(folder)]).toEqual([0o600, ['.env']]);
  expect(add('second')).toEqual({ added: [], kept: all });
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it.each([
  ['in UTF-8', ''],
  ['in UTF-8 that begins with a byte order mark', '\uFEFF'],
])('keeps what is in it %s, and is closed to others', (_what, mark) => {
  const before = `${mark}SECRETS_KEY=mine\nPORT=1\nAUTH_PUPPET_TOKEN_FILE=/run/secret\nMETRICS_TOKEN=`;
  writeFileSync(file, before, { mode: 0o644 });
  expect(add('new')).toEqual({
    added: ['METRICS_TOKEN'],
    kept: ['SECRETS_KEY', 'AUTH_PUPPET_TOKEN'],
  });
  const settings = parseEnv(readFileSync(file, 'utf8').slice(mark.length));
  expect(settings).toMatchObject({ PORT: '1', SECRETS_KEY: 'mine', METRICS_TOKEN: 'new' });
  expect(settings).not.toHaveProperty('AUTH_PUPPET_TOKEN');
  expect(modeOf()).toBe(0o600);
});

it('is not changed in UTF-16', () => {
  const before = Buffer.from('\uFEFFSECRETS_KEY=mine\n', 'utf16le');
  writeFileSync(file, before);
  expect(() => add('new')).toThrow(`${file} is no text in UTF-8; save it as UTF-8. Nothing was changed`);
  expect(readFileSync(file)).toEqual(before);
});
