/**
 * Loaded into a process before anything else: its time of day is ahead by as many milliseconds as the file `AHEAD_MS_FILE` says; with
 * `AHEAD_ELAPSED`, the clock that measures durations is, too. Timers are as they are.
 */
import { readFileSync } from 'node:fs';

const ahead = (): number => Number(readFileSync(process.env.AHEAD_MS_FILE ?? '', 'utf8'));
const wall = Date.now;
const elapsed = performance.now.bind(performance);

Date.now = () => wall() + ahead();
if (process.env.AHEAD_ELAPSED) performance.now = () => elapsed() + ahead();
