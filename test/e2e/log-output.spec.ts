import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { programOf } from '../support/log-program.js';

type LogLine = Readonly<Record<string, unknown>>;

async function linesOf(statements: string): Promise<LogLine[]> {
  const program = spawn(process.execPath, programOf(statements), { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(program.stdout), once(program, 'exit')]);
  expect(code).toBe(7);
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Of long lines. */
const LENGTHS = Array.from({ length: 100 }, (_, n) => (n * 7_919) % 20_011);

describe('the log', () => {
  let lines: LogLine[];

  /** The only line of a name, without what all have. */
  function line(name: string): LogLine | undefined {
    const [{ time: _time, ...fields } = { time: 0 }, ...more] = lines.filter(({ msg }) => msg === name);
    expect(more).toEqual([]);
    return fields;
  }

  // Whatever ends well, in one process.
  beforeAll(async () => {
    lines = await linesOf(`
      log.debug({ a: 1 }, 'thing.hidden');
      log.info({ a: 1 }, 'thing.done');
      log.warn('thing.odd');

      class Fields {
        text = 'a "quoted" \\n 张三 \\u2028';
        left = undefined;
        none = null;
        ratio = 0.5;
        list = [new Secret('the-value-itself')];
        #own = 1;
      }
      log.warn(new Fields(), 'request.logged');

      for (const [n, length] of ${JSON.stringify(LENGTHS)}.entries()) {
        log.info({ n, text: '张'.repeat(length) }, 'thing.long');
        if (n % 20 === 0) await new Promise(setImmediate);
      }

      const secret = new Secret('the-value-itself');
      const withSecret = new Error('with ' + secret, { cause: secret });
      log.info({ secret, deep: { list: [secret] }, text: 'a ' + secret, err: withSecret }, 'secret.told');

      const extra = { code: 'ECONNREFUSED', connection: { password: 'p4ssw0rd' }, address: 'db.example' };
      log.error({ err: Object.assign(new TypeError('no answer'), extra) }, 'driver.failed');
      let chain = new Error('5');
      for (const name of '43210') chain = new Error(name, { cause: chain });
      log.error({ err: chain }, 'chain.failed');
      const loop = new Error('loop');
      loop.cause = loop;
      log.error({ err: loop }, 'loop.failed');
      log.error({ err: new AppError('STORE_UNAVAILABLE', { cause: new Error('why') }) }, 'own.failed');
      log.error({ err: 'a text' }, 'text.failed');`);
  });

  it('writes a JSON line for each unit of work, as severe as asked for or more', () => {
    expect(lines.filter(({ msg }) => /^thing\.(hidden|done|odd)$/.test(String(msg)))).toEqual([
      { level: 30, time: expect.any(Number), a: 1, msg: 'thing.done' },
      { level: 40, time: expect.any(Number), msg: 'thing.odd' },
    ]);
  });

  it("a line has its object's own fields, without those that are undefined", () => {
    const fields = { text: 'a "quoted" \n 张三 \u2028', none: null, ratio: 0.5, list: ['***'] };
    expect(line('request.logged')).toEqual({ level: 40, ...fields, msg: 'request.logged' });
  });

  it('keeps lines whole and in order, however long they are', () => {
    const long = lines.filter(({ msg }) => msg === 'thing.long');
    expect(long.map(({ n, text }) => [n, String(text).length])).toEqual([...LENGTHS.entries()]);
  });

  it('prints *** for a secret, wherever it is', () => {
    const told = line('secret.told');
    expect(told).toMatchObject({ secret: '***', deep: { list: ['***'] }, text: 'a ***' });
    expect(told).toMatchObject({ err: { message: 'with ***', cause: { message: '***' } } });
    expect(JSON.stringify(lines)).not.toContain('the-value-itself');
  });

  it('tells of an error its type, message, code and stack, and nothing else that a driver hung on it', () => {
    expect(line('driver.failed')?.err).toEqual({
      type: 'TypeError',
      message: 'no answer',
      code: 'ECONNREFUSED',
      stack: expect.stringMatching(/^TypeError: no answer\n/),
    });
  });

  it('tells of an error three causes and no more, though it is its own', () => {
    const chain = line('chain.failed');
    expect(chain?.err).toMatchObject({
      message: '0',
      cause: { message: '1', cause: { message: '2', cause: { message: '3' } } },
    });
    expect(JSON.stringify(chain)).not.toContain('"message":"4"');
    expect(JSON.stringify(line('loop.failed')).match(/"message":"loop"/g)).toHaveLength(4);
  });

  it('tells of an error of ours no stack, and that of what caused it', () => {
    expect(line('own.failed')?.err).toEqual({
      type: 'AppError',
      code: 'STORE_UNAVAILABLE',
      message: expect.any(String),
      cause: { type: 'Error', message: 'why', stack: expect.any(String) },
    });
  });

  it('tells of anything that was thrown', () => {
    expect(line('text.failed')?.err).toEqual({ type: 'string', message: 'a text' });
  });

  it('writes a line soon, without waiting for others', async () => {
    const program = spawn(
      process.execPath,
      programOf(`log.info('thing.done'); setInterval(() => {}, 60_000); await new Promise(() => {});`),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(program.stdout, 'data');
    program.kill();
    await once(program, 'exit');
    expect(String(line)).toContain('thing.done');
  });

  it('drops what is told once the process is ending, such as an answer that closes only then', async () => {
    const program = spawn(
      process.execPath,
      programOf(`
        log.info('thing.done');
        process.once('exit', () => log.info('thing.late'));
        const ending = exitProcess(log, 7);
        log.info('thing.later');
        await ending;`),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [output, errors, [code]] = await Promise.all([
      text(program.stdout),
      text(program.stderr),
      once(program, 'exit'),
    ]);
    expect([code, errors.replaceAll(/^.*(Warning|--trace-warnings).*\n/gm, '')]).toEqual([7, '']);
    expect(output).toMatch(/^[^\n]*thing\.done[^\n]*\n$/);
  });
});

describe('a log that cannot be written', () => {
  it('on a full disk is dropped; the process goes on, and ends as it meant to', async () => {
    const full = openSync('/dev/full', 'w');
    const statements = `for (let n = 0; n < 100; n++) {
        log.info('thing.done');
        await new Promise(setImmediate);
      }
      process.stderr.write('went on');`;
    const program = spawn(process.execPath, programOf(statements), { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const [said, [code]] = await Promise.all([text(program.stderr as Readable), once(program, 'exit')]);
    expect([said, code]).toEqual(['went on', 7]);
  });
});
