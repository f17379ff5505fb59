/**
 * Loaded into a manager before anything else: it takes as much memory as the file `RSS_BYTES_FILE` says, and its container has as much
 * as `CONTAINER_BYTES` says, in bytes.
 */
import { readFileSync } from 'node:fs';

const { memoryUsage } = process;
const taken = () => ({
  ...memoryUsage(),
  rss: Number(readFileSync(process.env.RSS_BYTES_FILE ?? '', 'utf8')),
});
process.memoryUsage = Object.assign(taken, { rss: () => taken().rss });
const container = process.env.CONTAINER_BYTES;
if (container !== undefined) process.constrainedMemory = () => Number(container);
