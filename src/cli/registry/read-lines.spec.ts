import { expect, it } from '@jest/globals';
import { secretsText, storedBot } from '../../../test/support/bots.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { botEntry } from './file-format.js';
import { readLines } from './read-lines.js';

async function linesOf(...pieces: (string | Buffer)[]): Promise<[number, string | null][]> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  const lines: [number, string | null][] = [];
  for await (const { number, bytes } of readLines(chunks())) lines.push([number, bytes?.toString() ?? null]);
  return lines;
}

it('gives whole lines with their numbers, whatever pieces they come in', async () => {
  const text = Buffer.from('one\n\nthrée\n客服\nlast');
  const expected = [
    [1, 'one'],
    [3, 'thrée'],
    [4, '客服'],
    [5, 'last'],
  ];
  expect(await linesOf(text)).toEqual(expected);
  expect(await linesOf(...Array.from(text, (byte) => Buffer.from([byte])))).toEqual(expected);
  expect(await linesOf()).toEqual([]);
});

it('takes no byte order mark for part of the first line', async () => {
  expect(await linesOf('\uFEFFone\ntwo\n')).toEqual([
    [1, 'one'],
    [2, 'two'],
  ]);
});

it('reads the line of a bot with all accounts and headers that one may have', async () => {
  const headers = Array.from({ length: 16 }, (_, n) => [`x-${n}`.padEnd(64, '-'), '"'.repeat(1_024)]);
  const secrets = secretsText({
    ...{ url: `http://bot/${'a'.repeat(2_037)}`, headers: Object.fromEntries(headers) },
    ...{ token: 't'.repeat(32), encodingAESKey: 'k'.repeat(43) },
    ...{ corpSecret: 'c'.repeat(128), signingSecret: 's'.repeat(128) },
  });
  const openKfIds = Array.from({ length: 1_000 }, (_, n) => `wk${n}`.padEnd(64, '-'));
  const line = botEntry(storedBot({ openKfIds, secrets }), new Sealer([new Secret(newSecretsKey())]));
  expect(await linesOf(line)).toEqual([[1, line.trimEnd()]]);
});

it('keeps nothing of a line that is too long, and reads on behind it', async () => {
  const longest = 'x'.repeat(262_144);
  expect(await linesOf(`${longest}\n`)).toEqual([[1, longest]]);
  const endless = Array.from({ length: 100 }, () => longest);
  expect(await linesOf('one\n', ...endless, '\ntwo\n')).toEqual([
    [1, 'one'],
    [2, null],
    [3, 'two'],
  ]);
});
