/** Loaded into a process before anything else: its time of day is ahead by as many milliseconds as the file `AHEAD_MS_FILE` says. */
import { readFileSync } from 'node:fs';

const ofTheSystem = Date.now;

Date.now = () => ofTheSystem() + Number(readFileSync(process.env.AHEAD_MS_FILE ?? '', 'utf8'));
