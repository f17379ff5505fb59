/** The command line of the local WeCom. */
import { execFileSync, spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import { leftovers } from '../support/leftovers.js';
import { startPuppetServer } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';

describe('wxkf-manager simulator', () => {
  function run(...args: string[]) {
    const child = spawn(process.execPath, ['packages/simulator/dist/main.js', ...args]);
    const kill = () => child.kill('SIGKILL');
    leftovers.add(kill);
    let output = '';
    const ended = new Promise<number | null>((resolve) => {
      child.once('close', (code) => {
        leftovers.delete(kill);
        resolve(code);
      });
    });
    const seen = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const look = (chunk: Buffer | string = '') => {
          output += chunk;
          if (output.includes(text)) resolve(output);
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        void ended.then((code) =>
          output.includes(text) ? resolve(output) : reject(new Error(`${code}: ${output}`)),
        );
      });
    return { child, ended, seen };
  }

  it('tells its options', async () => {
    const { ended, seen } = run('--help');
    expect(await seen('--callback-url URL')).toContain('usage: wxkf-manager simulator [options]');
    expect(await ended).toBe(0);
  });

  it.each([
    [['--port', 'high'], '--port must be a number from 0 to 65535, not "high"'],
    [['--aes-key', 'short'], '--aes-key must be 43 letters and digits'],
    [['--speed', '9'], "Unknown option '--speed'"],
  ])('ends with 2 and what is wrong for %j', async (args, text) => {
    const { ended, seen } = run(...args);
    await seen(text);
    expect(await ended).toBe(2);
  });

  it('says that its port is taken', async () => {
    const other = await startPuppetServer();
    const { port } = new URL(other.url);
    const { ended, seen } = run('--port', port);
    await seen(`port ${port} is taken`);
    expect(await ended).toBe(1);
    await other.close();
  });

  it('saves the callback URL when it answers, tells how to go on, and ends by Ctrl-C', async () => {
    const key = 'a'.repeat(43);
    const receiver = await startPuppetServer((_request, response) => void response.writeHead(503).end());
    const args = [
      '--port',
      '0',
      '--corp-id',
      'ww1',
      '--aes-key',
      key,
      '--account',
      '一号',
      '--account',
      'No. 2',
    ];
    const { child, ended, seen } = run(...args, '--callback-url', `${receiver.url}/callback/ww1`);
    const output = await seen('is not saved yet: the answer was 503');
    expect(output).toContain(`ENCODING_AES_KEY=${key}`);
    expect(output).toContain("--account 一号 --account 'No. 2'");
    receiver.behave((request, response) => {
      const echostr = new URL(request.url ?? '/', 'http://x').searchParams.get('echostr') ?? '';
      response.end(decrypt(key, echostr).message);
    });
    await seen('is saved: it answered the verification');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    await receiver.close();
  });

  it('prints a command line that starts the same again, with every option that was given', async () => {
    const given = ['--port=0', '--secret=-secret-of-the-app', '--account', 'No. 1', '--customer', '王五'];
    const others = [
      '--customer',
      "O'Neill",
      '--trusted-ip',
      '127.0.0.1',
      '--callback-url',
      await refusedUrl(),
    ];
    const lineOf = async (args: readonly string[]): Promise<string> => {
      const { child, ended, seen } = run(...args);
      const [, line = ''] =
        /^The same again: npm run simulator -- (.*)$/m.exec(await seen('Ctrl-C ends it.')) ?? [];
      child.kill('SIGINT');
      await ended;
      // Somebody else may have taken the port meanwhile.
      return line.replace(/--port \d+/, '--port 0');
    };
    const line = await lineOf([...given, ...others]);
    // As a shell takes it apart.
    const again = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);
    expect(again).toEqual(
      expect.arrayContaining(['--secret=-secret-of-the-app', 'No. 1', '王五', "O'Neill", ...others.slice(2)]),
    );
    expect(again.filter((one) => one === '--customer')).toHaveLength(2);
    expect(await lineOf(again)).toBe(line);
  });

  it('tries a wrong callback URL no more once another is saved on the page', async () => {
    const key = 'a'.repeat(43);
    const receiver = await startPuppetServer((request, response) => {
      const echostr = new URL(request.url ?? '/', 'http://x').searchParams.get('echostr') ?? '';
      response.end(decrypt(key, echostr).message);
    });
    const args = ['--port', '0', '--token', 'atoken', '--aes-key', key];
    const { child, ended, seen } = run(...args, '--callback-url', await refusedUrl());
    const output = await seen('is not saved yet');
    const [, url = ''] = /The local WeCom is at (\S+):/.exec(output) ?? [];
    const body = JSON.stringify({ url: `${receiver.url}/callback`, token: 'atoken', encodingAESKey: key });
    expect((await fetch(`${url}/simulator/callback`, { method: 'POST', body })).status).toBe(200);
    await seen('is tried no more, since another was saved on the page');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    await receiver.close();
  });
});
