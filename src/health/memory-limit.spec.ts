import { expect, it } from '@jest/globals';
import { memoryLimitBytes } from './memory-limit.js';

const MIB = 1024 * 1024;

it.each([
  ['no limit, as Node tells it by more than any machine has', 2 ** 64, 1_536 * MIB],
  ['no limit, as Node tells it by 0', 0, 1_536 * MIB],
  ['512 MiB', 512 * MIB, 512 * MIB],
  ['4 GiB', 4_096 * MIB, 1_536 * MIB],
])('a container with %s', (_what, constrained, limit) => {
  expect(memoryLimitBytes(constrained)).toBe(limit);
});
