import { afterEach, describe, expect, it } from '@jest/globals';
import { type Command, CommanderError } from 'commander';
import { createProgram } from './commands.js';

interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command line is answered with that runs no command. */
async function saidOf(...args: string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const program = createProgram();
  hear(program, said);
  const error = await program.parseAsync(args, { from: 'user' }).catch((thrown: unknown) => thrown);
  if (!(error instanceof CommanderError))
    throw new Error('it was no mistake, and asked for no help', { cause: error });
  return { exitCode: error.exitCode, ...said };
}

function hear(command: Command, said: { stdout: string; stderr: string }): void {
  command.configureOutput({
    writeOut: (text) => void (said.stdout += text),
    writeErr: (text) => void (said.stderr += text),
    getOutHelpWidth: () => 80,
    getErrHelpWidth: () => 80,
  });
  for (const one of command.commands) hear(one, said);
}

describe('a command line', () => {
  it.each([
    ['no command', [], 'Usage: wxkf-manager [options] [command]\n'],
    ['half a command', ['keys'], '\n  generate [options] [NAME]  make new secrets'],
    ['a command that there is not', ['resael'], "error: unknown command 'resael'\n(Did you mean reseal?)\n"],
    ['the beginning of a command', ['imp'], "error: unknown command 'imp'\n(Did you mean import?)\n"],
    [
      'half of a command and a wrong rest',
      ['keys', 'genrate'],
      "error: unknown command 'genrate'\n(Did you mean generate?)\n",
    ],
    [
      'a word that there is not',
      ['keys', 'generate', 'nothing'],
      "error: command-argument value 'nothing' is invalid for argument 'NAME'. Allowed choices are secrets-key, ",
    ],
    [
      'an option that there is not',
      ['reseal', '--plan'],
      "error: unknown option '--plan'\n(Did you mean --plain?)\n",
    ],
    ['an option of a program that there is not', ['demo', '--twice'], "error: unknown option '--twice'\n"],
    ['a value where none belongs', ['reseal', '--plain=x'], "error: unknown option '--plain'\n"],
    [
      'no value where one belongs',
      ['import', '--input'],
      "error: option '--input <FILE>' argument missing\n",
    ],
    [
      'an option where a file belongs',
      ['export', '--output', '--plain'],
      "error: option '--output <FILE>' argument '--plain' is invalid. It is an option; name a file.\n",
    ],
    ['no file where one belongs', ['backup'], "error: missing required argument 'FILE'\n"],
    [
      'a role that there is not',
      ['operators', 'add', 'alice', '--role', 'owner'],
      "error: option '--role <ROLE>' argument 'owner' is invalid. Allowed choices are reader, ",
    ],
    [
      'an operator of a name that cannot be',
      ['operators', 'add', 'Alice', '--role', 'admin'],
      "error: command-argument value 'Alice' is invalid for argument 'NAME'. It must be a name of 1 to 64 small letters",
    ],
    [
      'an operator without a role',
      ['operators', 'add', 'alice'],
      "error: required option '--role <ROLE>' not specified\n",
    ],
    ['a word too many', ['reseal', 'now'], "error: too many arguments for 'reseal'."],
    ['a word too many for a program', ['start', 'now'], "error: too many arguments for 'start'."],
  ])('with %s is answered with what leads on, on standard error', async (_what, args, said) => {
    const { exitCode, stdout, stderr } = await saidOf(...args);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(said);
    expect(stderr).toMatch(/^(Usage: wxkf-manager |\(add --help for additional information\)$)/m);
  });

  it('shows no value of an option that there is not, which may be a secret', async () => {
    const { exitCode, stderr } = await saidOf('start', "--auth-operator-token=marked='\nsecret'");
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("unknown option '--auth-operator-token'\n"),
    ]);
    expect(stderr).not.toMatch(/marked|secret/);
  });

  it.each([
    [
      ['connect', '--key=k', '--forward=http://a', '--manager', 'http://bot:marked@a'],
      "argument '***' is invalid",
    ],
    [
      ['connect', '--key=k', '--manager=http://a', '--forward', "http://marked'@a"],
      "argument '***' is invalid",
    ],
    [['operators', 'renew', 'wxop_MARKED'], "value '***' is invalid"],
  ])('shows no value that may have a secret in it: %j', async (args, said) => {
    const { exitCode, stderr } = await saidOf(...args);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(stderr).not.toMatch(/marked/i);
  });

  it.each([
    [['--help'], '  reseal [options]         seal all stored secrets'],
    [['--help'], '\nExit codes: 0 all went well, '],
    [['keys', '--help'], '\n  generate [options] [NAME]  make new secrets'],
    [['reseal', '-h'], 'Usage: wxkf-manager reseal [options]\n'],
    [['help', 'reseal'], 'Examples:\n  wxkf-manager reseal\n'],
    [['check', '--help'], '  --callback-url <URL>  ask this public address'],
    [['operators', 'list', '--help'], '  --url <URL>  '],
    [['backup', '--help'], 'Usage: wxkf-manager backup [options] <FILE>\n'],
    [['demo', '--help'], 'Usage: wxkf-manager demo [options]\n'],
  ])('with %j is answered with help', async (args, help) => {
    const { exitCode, stdout, stderr } = await saidOf(...args);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain(help);
  });
});

describe('connect', () => {
  const { WXKF_KEY: before } = process.env;

  afterEach(() => {
    if (before === undefined) delete process.env.WXKF_KEY;
    else process.env.WXKF_KEY = before;
  });

  it.each([
    ['without a key', {}, ['--manager', 'http://m', '--forward', 'http://f'], "'--key <KEY>' not specified"],
    ['without a URL', { WXKF_KEY: 'k' }, ['--manager', 'http://m'], "'--forward <URL>' not specified"],
    ['with something else', { WXKF_KEY: 'k' }, ['--manager', 'kf.example.com'], 'It must be a URL with http'],
    ['with a key in the URL', { WXKF_KEY: 'k' }, ['--manager', 'http://b:marked@m'], 'belongs into WXKF_KEY'],
    ['with a bad name', { WXKF_KEY: 'k' }, ['--client', 'a b'], 'It must be 1 to 64 letters'],
    ['with bad accounts', { WXKF_KEY: 'k' }, ['--accounts', 'a b,'], 'It must be open_kfids'],
  ])('says what is wrong %s', async (_what, env, args, said) => {
    delete process.env.WXKF_KEY;
    Object.assign(process.env, env);
    const { exitCode, stdout, stderr } = await saidOf('connect', ...args);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('marked');
  });
});
