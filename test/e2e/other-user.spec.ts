/** What the built process says to a user of the system to whom the folder of the store does not belong. */
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCliAs } from '../support/cli-process.js';
import { startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { buildFor } from '../support/readable-build.js';

const isRoot = process.getuid?.() === 0;
/** Another user where the tests run as root, who has every right; otherwise the same one, without a right to the folder. */
const USER = isRoot ? { uid: 65_534, gid: 65_534 } : {};
const UID = isRoot ? 65_534 : userInfo().uid;
const NO_RIGHT =
  /^DATA_DIR (\S+) cannot be used: (?:user \S+ \()?uid (\d+)\)? has no right to (\S+) \(EACCES\); run this as the user that the folder belongs to, choose another folder, or set MONGO_URI$/;

let place: Place;
let folder: string;
let build: Awaited<ReturnType<typeof buildFor>>;

beforeAll(async () => {
  build = await buildFor(USER);
  place = embeddedPlace();
  chmodSync(place.env.DATA_DIR ?? '', 0o755);
  folder = join(place.env.DATA_DIR ?? '', 'data');
  mkdirSync(folder);
  await (await startManager({ DATA_DIR: folder })).stop();
});

afterAll(async () => {
  chmodSync(folder, 0o700);
  await place.discard();
  build.discard();
});

/** @returns folder, user and file that the line names. */
const namedIn = (line: string): string[] => NO_RIGHT.exec(line)?.slice(1) ?? [line];

describe.each<[string, number, number, (name: string) => string]>([
  ['a folder into which this user may not look', 0o000, 0o600, () => 'it'],
  ['a folder with files that this user may not read', 0o755, 0o000, (name) => join(folder, name)],
])('%s', (_which, folderMode, fileMode, named) => {
  beforeAll(() => {
    chmodSync(folder, 0o700);
    for (const file of readdirSync(folder)) chmodSync(join(folder, file), fileMode);
    chmodSync(folder, folderMode);
  });

  it('is named with the user by check, in one line', async () => {
    const { code, stdout, stderr } = await runCliAs(USER, build, { DATA_DIR: folder }, 'check', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { check: string; message: string }[] };
    const said = checks.find(({ check }) => check === 'store')?.message ?? '';
    expect([code, stderr]).toEqual([1, '']);
    expect(namedIn(said).slice(0, 2)).toEqual([folder, String(UID)]);
  });

  it('is named with the user by backup, in one line, and nothing is copied', async () => {
    const copy = join(place.env.DATA_DIR ?? '', 'copy.db');
    const { code, stdout, stderr } = await runCliAs(USER, build, { DATA_DIR: folder }, 'backup', copy);
    expect([code, stdout]).toEqual([1, '']);
    expect(namedIn(stderr.trimEnd())).toEqual([folder, String(UID), named('wxkf.db')]);
    expect(existsSync(copy)).toBe(false);
  });

  it('is named with the user by export, which opens the store as the manager does', async () => {
    const { code, stderr } = await runCliAs(USER, build, { DATA_DIR: folder }, 'export', '--plain');
    expect(code).toBe(1);
    expect(namedIn(stderr.trimEnd().split('\n').at(-1) ?? '').slice(0, 2)).toEqual([folder, String(UID)]);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
