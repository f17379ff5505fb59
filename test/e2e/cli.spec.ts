/** The commands for the shell, as the build has them. */
import { describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { newSecretsKey } from '../support/place.js';
import { refusedUrl } from '../support/raw-server.js';

describe('a command line', () => {
  it.each([
    ['no command', [], 'no command was given\nusage: node dist/cli.js <command> [options]\n'],
    ['a command that there is not', ['seal'], 'there is no command seal\nusage: node dist/cli.js <command>'],
    ['an option that there is not', ['reseal', '--plan'], "Unknown option '--plan'"],
    ['a value where none belongs', ['reseal', '--plain=x'], "Option '--plain' does not take an argument"],
    ['a word too many', ['reseal', 'now'], "Unexpected argument 'now'"],
  ])('with %s is answered with the usage, on standard error, and exit code 2', async (_what, args, said) => {
    const { code, stdout, stderr } = await runCli({}, ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^usage: node dist\/cli\.js /m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.each([
    [['--help'], 'reseal [--plain]'],
    [['-h'], 'reseal [--plain]'],
    [['reseal', '--help'], '--plain   open all secrets instead'],
  ])('with %j is answered with help', async (args, help) => {
    const { code, stdout, stderr } = await runCli({}, ...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(help);
  });
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
