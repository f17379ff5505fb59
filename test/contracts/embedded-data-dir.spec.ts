import { tmpdir } from 'node:os';
import { expect, it } from '@jest/globals';
import { DataDir } from '../../src/storage/embedded/data-dir.js';

it('tells whether its disk has room', () => {
  const dataDir = new DataDir(tmpdir());
  expect(dataDir.hasRoom(1)).toBe(true);
  expect(dataDir.hasRoom(Number.MAX_SAFE_INTEGER)).toBe(false);
});
